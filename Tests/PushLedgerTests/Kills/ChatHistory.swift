import Foundation
import PushCore
import TestSupport

/// A chat of some people with one or two phones each, iPhones and Androids, in which nothing calls a due push off: reads
/// and phones in use do not, for the app is created so, and nobody recalls or logs out.
struct ChatHistory {
  struct Phone: Hashable {
    var user: String
    var device: String
    var provider: ProviderName
    var token: String
  }

  /// Their phones are looked at and put away, so their badges start again.
  static let lookers: Set<String> = ["user-0", "user-1", "user-2"]
  private static let people = (0..<24).map { "user-\($0)" }
  private static let groups = (0..<5).map { "group-\($0)" }

  let phones: [Phone]
  private var random: SeededRandom
  private var lastMessages: [String] = []
  private var inUse: Set<String> = []
  private var seconds: Int64 = 1_750_000_000
  private var count = 0

  init(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var phones: [Phone] = []
    for user in Self.people {
      for device in random.chance(40) ? ["phone", "tablet"] : ["phone"] {
        let provider: ProviderName = random.chance(40) ? .fcm : .apns
        let token = (0..<4).map { _ in String(random.next() | 1 << 63, radix: 16) }.joined()
        phones.append(Phone(user: user, device: device, provider: provider, token: token))
      }
    }
    self.phones = phones
    self.random = random
  }

  /// Registers the phones and fills the groups.
  mutating func opening() throws -> [NewEvent] {
    var events: [NewEvent] = []
    for user in Self.people {
      events.append(
        try event(.userUpdated, ["user": .string(user)], ["nickname": .string("Nick \(user)")]))
    }
    for phone in phones {
      let device: JSON = ["user": .string(phone.user), "device": .string(phone.device)]
      events.append(
        try event(
          .deviceRegistered,
          device.setting("platform", to: phone.provider == .apns ? "ios" : "android")
            .setting("provider", to: .string(phone.provider.rawValue))
            .setting("topic", to: .string(SigningPair.topic))
            .setting("environment", to: "production"), ["token": .string(phone.token)]))
      events.append(
        try event(
          .deviceBackgrounded, device.setting("unread", to: ["c2c": 0, "group": 0])))
    }
    for group in Self.groups {
      for user in Self.people where random.chance(40) {
        events.append(
          try event(
            .memberAdded,
            [
              "group": .string(group), "user": .string(user),
              "receive": random.pick(["notify", "notify", "notify", "mentions", "silent"]),
            ]))
      }
    }
    return events
  }

  /// What somebody does next: mostly talk.
  mutating func next() throws -> NewEvent {
    let user = random.pick(Self.people)
    switch Int.random(in: 0..<20, using: &random) {
    case 0, 1:
      guard let message = lastMessages.suffix(20).randomElement(using: &random) else { break }
      return try event(
        .conversationRead,
        ["user": .string(user), "conversation": conversation(of: user), "up_to": .string(message)])
    case 2: return try look(random.pick(Self.lookers.sorted()))
    default: break
    }
    count += 1
    let id = "message-\(count)"
    lastMessages.append(id)
    var data: JSON = [
      "message_id": .string(id), "from": .string(user), "conversation": conversation(of: user),
    ]
    if random.chance(10) {
      data = data.setting("mentions", to: [.string(random.pick(Self.people))])
    }
    let text = JSON.string("Text \(count)")
    return try event(
      .messageSent, data,
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": text]]]])
  }

  private mutating func look(_ user: String) throws -> NewEvent {
    let device: JSON = ["user": .string(user), "device": "phone"]
    if inUse.remove(user) == nil {
      inUse.insert(user)
      return try event(.deviceForegrounded, device)
    }
    let unread = JSON.integer(Int.random(in: 0...5, using: &random))
    return try event(
      .deviceBackgrounded, device.setting("unread", to: ["c2c": unread, "group": 0]))
  }

  private mutating func conversation(of user: String) -> JSON {
    if random.chance(60) { return ["group": .string(random.pick(Self.groups))] }
    return ["user": .string(random.pick(Self.people.filter { $0 != user }))]
  }

  private mutating func event(
    _ type: EventType, _ data: JSON, _ content: JSON? = nil
  ) throws -> NewEvent {
    seconds += Int64.random(in: 0...60, using: &random)
    let id = withUnsafeBytes(of: (random.next(), random.next())) {
      UUID(uuid: $0.loadUnaligned(as: uuid_t.self))
    }
    return try EventDoor.event(
      id: id, type: type, occurredAt: Timestamp(microseconds: seconds * 1_000_000), data: data,
      content: content)
  }
}
