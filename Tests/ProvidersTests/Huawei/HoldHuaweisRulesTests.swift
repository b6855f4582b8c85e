import PushCore
import Simulators
import Testing

@testable import Providers

/// What the simulator refuses as Huawei does, sent past the provider, which would never make it.
@Suite(.timeLimit(.minutes(2))) struct HoldHuaweisRules {
  private typealias Change = @Sendable (JSON) -> JSON

  private static let whole: JSON = [
    "message": [
      "notification": ["title": "T", "body": "B"],
      "android": ["ttl": "60s", "notification": ["click_action": ["type": 3]]],
      "token": ["t1"],
    ]
  ]

  private static func message(_ key: String, _ value: JSON) -> Change {
    { whole in
      whole.setting("message", to: (whole["message"] ?? [:]).setting(key, to: value))
    }
  }

  private static func android(_ key: String, _ value: JSON) -> Change {
    { whole in
      let android = whole["message"]?["android"] ?? [:]
      return message("android", android.setting(key, to: value))(whole)
    }
  }

  private static func own(_ key: String, _ value: JSON) -> Change {
    { whole in
      let own = whole["message"]?["android"]?["notification"] ?? [:]
      return android("notification", own.setting(key, to: value))(whole)
    }
  }

  private static let changes: [(Change, String)] = [
    ({ $0 }, "80000000"), ({ _ in "text" }, "80100003"),
    ({ $0.setting("more", to: 1) }, "80100003"),
    (message("token", []), "80300010"), (message("token", [7]), "80300010"),
    (message("token", .array((0...1_000).map { .string("t\($0)") })), "80300010"),
    (message("topic", "news"), "80100003"), (message("android", [:]), "80100003"),
    (message("notification", ["title": "T", "body": ""]), "80100003"),
    (
      message(
        "notification", ["title": "T", "body": .string(.init(repeating: "x", count: 4_096))]),
      "80300008"
    ),
    (message("data", "no JSON"), "80100001"),
    (android("ttl", "86400"), "80100004"), (android("ttl", 86_400), "80100004"),
    (android("ttl", "1296001s"), "80100004"), (android("ttl", "0s"), "80100004"),
    (android("collapse_key", 101), "80100013"), (android("collapse_key", -1), "80000000"),
    (android("category", "CHAT"), "80100001"), (android("biTag", "7"), "80100003"),
    (own("click_action", ["type": 4]), "80100003"), (own("click_action", ["type": 1]), "80100003"),
    (own("click_action", ["type": 2, "url": "http://x"]), "80100003"),
    (own("importance", "HIGH"), "80100001"), (own("sound", "bell.mp3"), "80100001"),
    (own("notify_id", -1), "80100001"), (own("style", 1), "80100003"),
    (own("badge", ["set_num": 7]), "80100003"),
    (own("badge", ["set_num": 100, "class": "A"]), "80100001"),
    (own("badge", ["add_num": 0, "class": "A"]), "80100001"),
  ]

  private func post(
    _ body: JSON, _ rig: HuaweiRig, path: String? = nil, session: SecretText? = nil
  ) async throws -> HTTPAnswer {
    let scope = try rig.scope()
    var token = session
    if token == nil { token = try await HuaweiRig.open(rig).text }
    return try await scope.call(
      .json(
        scope.credential.origin + (path ?? scope.credential.path), body,
        headers: [("authorization", "Bearer " + (token?.reveal() ?? ""))])
    ).get()
  }

  @Test func ofFieldsAndLimits() async throws {
    try await HuaweiRig.with { rig async throws in
      for (index, (change, code)) in Self.changes.enumerated() {
        let answer = try await post(change(Self.whole), rig)
        #expect(answer.json?["code"]?.string == code, "\(index)")
      }
      #expect(rig.simulator.acceptedCount == 2)
    }
  }

  @Test func ofSessionsAndPaths() async throws {
    try await HuaweiRig.with { rig async throws in
      let id = HuaweiRig.clientID
      let rows: [(String, String, Int, String?)] = [
        ("/v1/\(id)/messages:send", "made up", 401, "80200003"),
        ("/v1/\(id)/messages:send", "a.b.c", 401, "80200003"),
        ("/v3/\(id)/messages:send", "made up", 404, nil),
        ("/v1/\(id)/messages:read", "made up", 404, nil),
      ]
      for (path, session, status, code) in rows {
        let answer = try await post(Self.whole, rig, path: path, session: SecretText(session))
        #expect(answer.status == status)
        #expect(answer.json?["code"]?.string == code)
      }
      let session = try await HuaweiRig.open(rig).text
      let other = try await post(
        Self.whole, rig, path: "/v1/999/messages:send", session: session)
      #expect(other.json?["code"]?.string == "80200001")
      rig.clock.advance(.seconds(3_600))
      let late = try await post(Self.whole, rig, session: session)
      #expect(late.json?["code"]?.string == "80200003")
    }
  }

  @Test func aTokenThatStandsTwiceRingsTwice() async throws {
    try await HuaweiRig.with { rig async throws in
      let body = Self.message("token", ["t1", "t1"])(Self.whole)
      let answer = try await post(body, rig)
      #expect(answer.json?["code"]?.string == "80000000")
      #expect(rig.simulator.acceptedCount == 2)
    }
  }
}
