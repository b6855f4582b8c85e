import Foundation
import PushCore

/// A made-up chat of groups as an event file, for who has no history of their own: the same at
/// every run.
struct BenchHistory {
  static let topic = "org.example.chat"
  private static let groups = 8
  private static let membersPerGroup = 120
  private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

  private static let bytesAtOnce = 1 << 20

  private var random = SplitMix(state: 1)
  private var lines: [UInt8] = []
  private var number: UInt64 = 0

  /// Writes about `events` events.
  static func write(_ events: Int, to path: String) throws {
    var history = BenchHistory()
    let url = URL(fileURLWithPath: path)
    try Data().write(to: url)
    let file = try FileHandle(forWritingTo: url)
    history.setUp()
    while history.number < UInt64(events) {
      history.happen()
      if history.lines.count >= bytesAtOnce { try history.flush(to: file) }
    }
    try history.flush(to: file)
    try file.close()
  }

  private mutating func flush(to file: FileHandle) throws {
    try file.write(contentsOf: lines)
    lines.removeAll(keepingCapacity: true)
  }

  private mutating func setUp() {
    for group in 0..<Self.groups {
      add("group.updated", ["group": id("g", group)], ["name": id("Group ", group)])
      for index in 0..<Self.membersPerGroup {
        let user = group * Self.membersPerGroup + index
        add("user.updated", ["user": id("u", user)], ["nickname": id("User ", user)])
        add(
          "device.registered",
          [
            "user": id("u", user), "device": "phone", "platform": "ios",
            "provider": user % 3 == 0 ? "fcm" : "apns", "topic": .string(Self.topic),
          ], ["token": .string(Self.token(user))])
        add(
          "group.member_added",
          [
            "group": id("g", group), "user": id("u", user),
            "receive": user % 5 == 0 ? "notify" : "mentions",
          ])
      }
    }
  }

  static func token(_ user: Int) -> String {
    let hex = String(user, radix: 16)
    return String(repeating: "0", count: 64 - hex.count) + hex
  }

  /// Somebody talks, half of the time; others look at their phones or put them away.
  private mutating func happen() {
    let group = Int(random.next() % UInt64(Self.groups))
    let user = group * Self.membersPerGroup + Int(random.next() % UInt64(Self.membersPerGroup))
    let device: JSON = ["user": id("u", user), "device": "phone"]
    switch random.next() % 10 {
    case 0..<5:
      let message = JSON.string("m\(number)")
      let other = group * Self.membersPerGroup + Int(random.next() % UInt64(Self.membersPerGroup))
      add(
        "message.sent",
        [
          "message_id": message, "from": id("u", user), "conversation": ["group": id("g", group)],
          "mentions": [id("u", other)],
        ],
        [
          "elements": [
            [
              "MsgType": "TIMTextElem",
              "MsgContent": ["Text": "a line of about the length that people write in a chat"],
            ]
          ]
        ])
    case 5, 6: add("device.foregrounded", device)
    case 7, 8:
      add("device.backgrounded", device.setting("unread", to: ["c2c": 0, "group": 0]))
    default:
      add(
        "conversation.read",
        [
          "user": id("u", user), "conversation": ["group": id("g", group)],
          "up_to_position": .integer(Int64(number)),
        ])
    }
  }

  private func id(_ prefix: String, _ index: Int) -> JSON { .string(prefix + String(index)) }

  private mutating func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
    number += 1
    let bits = (random.next(), random.next())
    let uuid = withUnsafeBytes(of: bits) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    let event = JSON.object(present: [
      ("event_id", .string(uuid.uuidString.lowercased())), ("type", .string(type)),
      ("occurred_at", .string((Self.start + .milliseconds(Int64(number) * 100)).description)),
      ("data", data), ("content", content),
    ])
    lines += event.serialized() + [UInt8(ascii: "\n")]
  }
}

/// A random source that gives the same numbers at every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
