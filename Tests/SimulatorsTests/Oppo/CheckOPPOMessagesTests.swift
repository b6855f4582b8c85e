import PushCore
import Testing

@testable import Simulators

@Suite struct CheckOPPOMessages {
  private static let app = OPPOApp(appKey: "k", masterSecret: "s", privateChannels: ["chat"])

  private static let good: JSON = [
    "app_message_id": "m1", "style": 1, "title": "Mia", "content": "hello",
    "click_action_type": 0, "action_parameters": "{}", "off_line": true, "off_line_ttl": 864_000,
    "channel_id": "news", "category": "IM", "notify_level": 16, "notify_id": 7,
    "call_back_url": "https://push.example/r", "call_back_parameter": "7",
  ]

  private static func code(_ changes: [(String, JSON?)], token: String = "CN_1") -> Int? {
    var members = good.members ?? []
    for (name, value) in changes {
      members.removeAll { $0.key == name }
      if let value { members.append(JSON.Member(name, value)) }
    }
    return code([
      "target_type": 2, "target_value": .string(token), "notification": .object(members),
    ])
  }

  private static func code(_ message: JSON) -> Int? {
    do {
      try OPPOSimulatedMessage(message).check(of: app)
      return nil
    } catch {
      return error.code
    }
  }

  private static func text(_ count: Int) -> JSON {
    .string(String(repeating: "好", count: count))
  }

  private static let table: [([(String, JSON?)], Int?)] = [
    ([], nil), ([("title", nil)], 40), ([("title", text(50))], nil), ([("title", text(51))], 41),
    ([("sub_title", text(10))], nil), ([("sub_title", text(11))], 41), ([("content", "")], 40),
    ([("content", text(200))], nil), ([("content", text(201))], 41),
    ([("style", 2), ("content", text(128))], nil), ([("style", 2), ("content", text(129))], 41),
    ([("style", 3), ("content", text(50))], nil), ([("style", 3), ("content", text(51))], 41),
    ([("style", 4)], 41), ([("style", "1")], 41), ([("off_line_ttl", 864_001)], 41),
    ([("off_line_ttl", 0)], 41), ([("off_line", "true")], 41),
    ([("action_parameters", "[]")], 41), ([("action_parameters", [:])], 41),
    (
      [("action_parameters", .string(#"{"x":""# + String(repeating: "y", count: 4_090) + #""}"#))],
      41
    ),
    ([("notify_level", 3)], 67), ([("category", nil)], 67),
    ([("category", nil), ("notify_level", nil)], nil), ([("channel_id", "chat")], 54),
    ([("channel_id", "chat"), ("private_msg_template_id", "t1")], nil),
    ([("private_title_parameters", ["name": "Mia"])], nil),
    ([("private_title_parameters", "{}")], 41), ([("clickActionType", 0)], 41),
    ([("call_back_url", text(201))], 41), ([("call_back_parameter", text(101))], 41),
  ]

  @Test func holdEveryFieldToItsLimit() {
    for (changes, code) in Self.table { #expect(Self.code(changes) == code, "\(changes)") }
  }

  @Test func aTargetIsOneToken() {
    #expect(Self.code([], token: "CN 1") == 10_000)
    #expect(Self.code([], token: "") == 40)
    #expect(Self.code(["target_type": 5, "target_value": "a", "notification": Self.good]) == 41)
    #expect(Self.code(["target_type": 2, "target_value": "a"]) == 40)
    #expect(Self.code(JSON.array([])) == 41)
  }
}
