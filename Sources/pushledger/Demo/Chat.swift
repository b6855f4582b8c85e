import PushCore

/// A chat that never ends, made up from a seed: some people, some groups, and phones that come
/// and go. It gives the requests that a chat backend would make.
struct Chat {
  struct Request: Sendable {
    var method: String
    var path: String
    var body: JSON
    /// What to show of it; nil: nothing.
    var line: String?
    /// The message's id, where it is one.
    var message: String?
    /// Who may hear of it.
    var recipients: [String] = []
  }

  static let topic = "org.example.chat"
  private static let people = [
    "Aiko", "Ben", "Carla", "Deniz", "Eli", "Fatou", "Goran", "Hana", "Ivo", "Jia", "Kofi", "Lena",
    "Mateo", "Nour", "Olga", "Priya",
  ]
  private static let groups = [
    ("hiking", "Hiking club", 10), ("night-shift", "Night shift", 6), ("family", "Family", 4),
  ]
  private static let openings = [
    "Who is in for", "Don't forget", "Has anyone seen", "I just finished", "Can we move",
    "Thanks for", "What happened with", "Guess what:",
  ]
  private static let topics = [
    "the trip on Sunday", "the blue bicycle", "tonight's shift", "grandma's recipe",
    "the train at 7:40", "the meeting", "the map", "the spare key", "dinner at eight",
  ]

  private var random: SystemRandomNumberGenerator
  private var sent = 0
  private var foreground: Set<String> = []
  private let run: String

  /// - Parameter run: Makes the ids of this run's messages its own.
  init(run: String) {
    self.run = run
    random = SystemRandomNumberGenerator()
  }

  static func id(_ person: String) -> String { person.lowercased() }

  /// What has to be there before anybody talks.
  static func setUp() -> [Request] {
    var requests: [Request] = []
    for (index, person) in people.enumerated() {
      let user = id(person)
      requests.append(
        Request(
          method: "PUT", path: "/v1/users/\(user)", body: ["nickname": .string(person)]))
      requests.append(
        Request(
          method: "PUT", path: "/v1/users/\(user)/devices/phone",
          body: [
            "platform": "ios", "provider": "apns", "token": .string(token(index)),
            "topic": .string(topic), "environment": "production",
          ]))
    }
    for (group, name, size) in groups {
      requests.append(
        Request(method: "PUT", path: "/v1/groups/\(group)", body: ["name": .string(name)]))
      for person in people.prefix(size) {
        requests.append(
          Request(
            method: "PUT", path: "/v1/groups/\(group)/members/\(id(person))", body: [:]))
      }
    }
    return requests
  }

  private static func token(_ index: Int) -> String {
    String(repeating: String(160 + index, radix: 16), count: 32)
  }

  /// The next thing that somebody does: mostly talk, sometimes look at the phone or put it away.
  mutating func next() -> Request {
    let person = Self.people.randomElement(using: &random) ?? "Aiko"
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return foreground.contains(person) ? putAway(person) : look(person)
    case 1 where foreground.contains(person): return putAway(person)
    default: return talk(person)
    }
  }

  private mutating func look(_ person: String) -> Request {
    foreground.insert(person)
    return Request(
      method: "PUT", path: "/v1/users/\(Self.id(person))/devices/phone/state",
      body: ["state": "foreground"], line: "\(person) looks at the phone")
  }

  private mutating func putAway(_ person: String) -> Request {
    foreground.remove(person)
    return Request(
      method: "PUT", path: "/v1/users/\(Self.id(person))/devices/phone/state",
      body: ["state": "background", "unread": ["c2c": 0, "group": 0]],
      line: "\(person) puts the phone away")
  }

  private mutating func talk(_ person: String) -> Request {
    sent += 1
    let id = "\(run)-\(sent)"
    let opening = Self.openings.randomElement(using: &random) ?? ""
    let topic = Self.topics.randomElement(using: &random) ?? ""
    let text = "\(opening) \(topic)"
    let target: JSON
    let place: String
    let recipients: [String]
    if Bool.random(using: &random), let group = Self.groups.randomElement(using: &random) {
      target = ["group": .string(group.0)]
      place = "(\(group.1))"
      recipients = Self.people.prefix(group.2).filter { $0 != person }
    } else {
      let others = Self.people.filter { $0 != person }
      let other = others.randomElement(using: &random) ?? "Ben"
      target = ["user": .string(Self.id(other))]
      place = "→ \(other)"
      recipients = [other]
    }
    return Request(
      method: "POST", path: "/v1/messages",
      body: [
        "id": .string(id), "from": .string(Self.id(person)), "to": target, "text": .string(text),
      ],
      line: "\(person) \(place): \(text)", message: id, recipients: recipients)
  }
}
