import PushCore
import Testing

@testable import Simulators

@Suite struct CheckXiaomiForms {
  private static let app = XiaomiApp(
    appSecret: "s", packages: ["org.example.chat"], channels: ["chat", "news"],
    privateChannels: ["chat"])

  private static let good = [
    "registration_id": "a,b", "restricted_package_name": "org.example.chat", "title": "Mia",
    "description": "hello", "pass_through": "0", "notify_type": "-1", "notify_id": "7",
    "time_to_live": "86400000", "payload": "a%20b", "extra.channel_id": "news",
    "extra.notify_effect": "1", "extra.ext": "x", "extra.jobkey": "12345678901234567890",
    "extra.callback": "https://push.example/r", "extra.callback.param": "7",
    "extra.callback.type": "243",
  ]

  private static func code(_ changes: [String: String?]) -> Int? {
    var fields = good
    for (name, value) in changes { fields[name] = value }
    do {
      _ = try XiaomiForm(fields, of: app)
      return nil
    } catch {
      return error.code
    }
  }

  private static func text(_ count: Int) -> String { String(repeating: "好", count: count) }

  private static let table: [([String: String?], Int?)] = [
    ([:], nil), (["restricted_package_name": nil], 10016),
    (["restricted_package_name": "org.example.other"], 22022), (["registration_id": nil], 10016),
    (["registration_id": (0..<1_000).map(String.init).joined(separator: ",")], nil),
    (["registration_id": (0..<1_001).map(String.init).joined(separator: ",")], 22101),
    (["title": nil], 10016), (["title": text(50)], nil), (["title": text(51)], 10018),
    (["description": ""], 10016), (["description": text(128)], nil),
    (["description": text(129)], 10018),
    (["pass_through": "2"], 10017), (["notify_type": "8"], 10017), (["notify_id": "x"], 10017),
    (["time_to_live": "0"], 10017), (["time_to_live": "86400001"], 10017),
    (["time_to_live": "864000000", "extra.channel_id": "chat"], nil),
    (["time_to_live": "864000001", "extra.channel_id": "chat"], 10017),
    (["extra.channel_id": "mail"], 27001), (["extra.jobkey": "123456789012345678901"], 10018),
    (["extra.callback": "https://x/" + String(repeating: "y", count: 119)], 65020),
    (["extra.callback.param": String(repeating: "y", count: 65)], 65020),
    (["extra.ext": text(1_021)], nil), (["extra.ext": text(1_022)], 65011),
    (["extra.a": text(1_018), "extra.ext": "xy"], nil),
    (["extra.a": text(1_018), "extra.ext": "xyz"], 65011), (["registration_ids": "a"], 10017),
  ]

  @Test func holdEveryFieldToItsLimit() {
    for (changes, code) in Self.table { #expect(Self.code(changes) == code, "\(changes.keys)") }
    let pairs = Dictionary(uniqueKeysWithValues: (0..<10).map { ("extra.k\($0)", Optional("v")) })
    #expect(Self.code(pairs) == 65011)
  }
}
