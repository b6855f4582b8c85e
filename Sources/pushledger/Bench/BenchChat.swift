import Foundation
import PushCore

/// A made-up chat with all that became of it, for what reads a ledger: messages from one to one, to
/// small groups and to large ones, an account that everybody writes to, and of each push its attempts
/// and what the phone reported. The same at every run but for its time.
struct BenchChat {
  static let membersPerGroup = 12
  private static let largeGroups = 3
  private static let membersOfLargeGroup = 2_000
  /// Who writes to the account that everybody writes to, and devices of that.
  private static let writers = 1_000
  private static let devicesOfHeaviest = 8
  private static let topic = "org.example.chat"

  let app: AppID
  private let wanted: Int
  private let users: Int
  private let groups: Int
  /// Of whoever holds the phone in hand; that of others is in the background.
  private var isForeground: [Bool]
  private var registrations = 0
  private var random = SplitMix(state: 3)
  private var waiting: [NewEvent] = []
  private var made = 0
  private var messages = 0
  private var now = Timestamp(microseconds: 0)

  /// - Parameter events: About so many, no fewer.
  init(_ app: AppID, events: Int) throws {
    self.app = app
    wanted = events
    users = max(60, events / 100)
    groups = max(4, users / 20)
    isForeground = Array(repeating: false, count: users)
  }

  /// The next events, as of a moment; none where there are enough.
  mutating func next(_ count: Int, at moment: Timestamp) throws -> [NewEvent] {
    now = moment
    if made == 0 { try setUp() }
    while waiting.count < count, made < wanted { try happen() }
    let events = Array(waiting.prefix(count))
    waiting.removeFirst(events.count)
    return events
  }

  /// Of all events, how much there is once those that were given are over.
  var progress: Double { Double(made - waiting.count) / Double(max(wanted, made)) }

  // MARK: Who there is

  private mutating func setUp() throws {
    for user in 0..<users {
      try add(.userUpdated, ["user": id("u", user)], ["nickname": id("User ", user)])
      for device in devices(of: user) { try register(user, device) }
    }
    for group in 0..<groups + Self.largeGroups {
      try add(
        .groupUpdated, ["group": id("g", group), "owner": id("u", member(0, of: group))],
        ["name": id("Group ", group)])
      for place in 0..<size(of: group) {
        let user = member(place, of: group)
        try add(
          .memberAdded,
          [
            "group": id("g", group), "user": id("u", user),
            "receive": isNotified(user, in: group) ? "notify" : "mentions",
          ])
      }
    }
  }

  /// One user in ten has none, one in ten a tablet beside the phone.
  private func devices(of user: Int) -> [String] {
    switch user {
    case 0: (0..<Self.devicesOfHeaviest).map { "phone-\($0)" }
    case _ where user % 10 == 9: []
    case _ where user % 10 == 0: ["phone", "tablet"]
    default: ["phone"]
    }
  }

  private func provider(of user: Int) -> String { user % 3 == 0 ? "fcm" : "apns" }

  private mutating func register(_ user: Int, _ device: String) throws {
    registrations += 1
    try add(
      .deviceRegistered,
      [
        "user": id("u", user), "device": .string("\(device)-\(user)"),
        "platform": user % 3 == 0 ? "android" : "ios", "provider": .string(provider(of: user)),
        "topic": .string(Self.topic), "app_version": .string("5.\(user % 12)"),
      ], ["token": .string(BenchHistory.token(registrations))])
  }

  /// The last groups are the large ones.
  private func size(of group: Int) -> Int {
    group < groups ? min(Self.membersPerGroup, users) : min(Self.membersOfLargeGroup, users / 2)
  }

  private func member(_ place: Int, of group: Int) -> Int {
    (group * Self.membersPerGroup + place * (users / size(of: group))) % users
  }

  private func isNotified(_ user: Int, in group: Int) -> Bool {
    group < groups ? (user + group) % 2 == 0 : user % 10 == 0
  }

  // MARK: What happens

  private mutating func happen() throws {
    switch roll(1_000) {
    case 0..<1: try write(toGroup: groups + roll(Self.largeGroups))
    case 1..<250: try write(toGroup: roll(groups))
    case 250..<258: try write(from: 1 + roll(min(Self.writers, users - 1)), to: 0)
    case 258..<800:
      let user = roll(users)
      let friend = 1 + roll(10)
      try write(from: user, to: (user + friend * friend * 37) % users)
    default: try toggle(roll(users))
    }
  }

  private mutating func write(from sender: Int, to user: Int) throws {
    guard sender != user else { return }
    let message = try write(from: sender, in: ["user": id("u", user)])
    if try push(message, to: user) {
      try read(message, user, ["user": id("u", sender)])
    }
  }

  private mutating func write(toGroup group: Int) throws {
    let sender = member(roll(size(of: group)), of: group)
    let message = try write(from: sender, in: ["group": id("g", group)])
    for place in 0..<size(of: group) {
      let user = member(place, of: group)
      guard user != sender, isNotified(user, in: group) else { continue }
      if try push(message, to: user), roll(4) == 0 {
        try read(message, user, ["group": id("g", group)])
      }
    }
  }

  private mutating func write(from sender: Int, in conversation: JSON) throws -> String {
    messages += 1
    let message = "m\(messages)"
    try add(
      .messageSent,
      [
        "message_id": .string(message), "from": id("u", sender), "conversation": conversation,
      ],
      [
        "elements": [
          [
            "MsgType": "TIMTextElem",
            "MsgContent": ["Text": "a line of about the length that people write in a chat"],
          ]
        ]
      ])
    return message
  }

  private mutating func read(_ message: String, _ user: Int, _ conversation: JSON) throws {
    guard roll(3) == 0 else { return }
    try add(
      .conversationRead,
      ["user": id("u", user), "conversation": conversation, "up_to": .string(message)])
  }

  private mutating func toggle(_ user: Int) throws {
    guard user != 0, let device = devices(of: user).first else { return }
    let about: JSON = ["user": id("u", user), "device": .string("\(device)-\(user)")]
    isForeground[user].toggle()
    if isForeground[user] {
      try add(.deviceForegrounded, about)
    } else {
      try add(
        .deviceBackgrounded,
        about.setting("unread", to: ["c2c": .integer(Int64(roll(9))), "group": 0]))
    }
  }

  // MARK: Pushes

  /// - Returns: Whether any was accepted.
  private mutating func push(_ message: String, to user: Int) throws -> Bool {
    // What was sent last is due still.
    guard made < wanted - min(2_000, wanted / 50) else { return false }
    var isAccepted = false
    for (place, device) in devices(of: user).enumerated()
    where place > 0 || !isForeground[user] {
      if try push(message, to: user, on: device) { isAccepted = true }
    }
    return isAccepted
  }

  private mutating func push(_ message: String, to user: Int, on device: String) throws -> Bool {
    let delivery = DeliveryID.make(
      app: app, message: MessageID(unchecked: message), user: UserID(unchecked: "u\(user)"),
      device: DeviceID(unchecked: "\(device)-\(user)"))
    func attempt(_ number: Int64, _ outcome: String, _ status: Int64, _ reason: String?) -> JSON {
      .object(present: [
        ("delivery_id", .string(delivery.uuidString.lowercased())),
        ("message_id", .string(message)), ("user", id("u", user)),
        ("device", .string("\(device)-\(user)")), ("attempt", .integer(number)),
        ("provider", .string(provider(of: user))), ("outcome", .string(outcome)),
        ("status", .integer(status)), ("reason", reason.map { .string($0) }),
        ("provider_message_id", .string(delivery.uuidString)),
        ("started_at", .string(now.description)),
        ("finished_at", .string((now + .milliseconds(40)).description)),
      ])
    }
    switch roll(1_000) {
    case 0..<4:
      try add(.pushAttempted, attempt(1, "token_invalid", 410, "Unregistered"))
      // The app is installed anew.
      try register(user, device)
      return false
    case 4..<8:
      try add(.pushAttempted, attempt(1, "rejected", 400, "BadTopic"))
      return false
    case 8..<12:
      try add(.pushAttempted, attempt(1, "expired", 0, "expired"))
      return false
    case 12..<40:
      try add(.pushAttempted, attempt(1, "retry", 503, "ServiceUnavailable"))
      try add(.pushAttempted, attempt(2, "accepted", 200, nil))
    default:
      try add(.pushAttempted, attempt(1, "accepted", 200, nil))
    }
    let about: JSON = [
      "delivery_id": .string(delivery.uuidString.lowercased()), "message_id": .string(message),
      "at": .string((now + .milliseconds(900)).description),
    ]
    if roll(2) == 0 { try add(.pushDelivered, about) }
    if roll(10) == 0 { try add(.pushOpened, about) }
    return true
  }

  // MARK: Events

  private mutating func roll(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  private func id(_ prefix: String, _ index: Int) -> JSON { .string(prefix + String(index)) }

  private mutating func add(_ type: EventType, _ data: JSON, _ content: JSON? = nil) throws {
    made += 1
    let bits = (random.next(), random.next())
    let uuid = withUnsafeBytes(of: bits) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    waiting.append(
      try EventDoor.event(
        id: uuid, type: type, occurredAt: now, data: data, content: content, origin: .ledger))
  }
}
