import PushCore
import Simulators
import Testing

@testable import Providers

/// What the simulator refuses as Honor does, sent past the provider, which would never make it.
@Suite(.timeLimit(.minutes(2))) struct HoldHonorsRules {
  private typealias Change = @Sendable (JSON) -> JSON

  private static let whole: JSON = [
    "notification": ["title": "T", "body": "B"],
    "android": ["ttl": "60s", "notification": ["clickAction": ["type": 3]]],
    "token": ["t1"],
  ]

  private static func root(_ key: String, _ value: JSON) -> Change {
    { $0.setting(key, to: value) }
  }

  private static func android(_ key: String, _ value: JSON) -> Change {
    { $0.setting("android", to: ($0["android"] ?? [:]).setting(key, to: value)) }
  }

  private static func own(_ key: String, _ value: JSON) -> Change {
    { whole in
      let own = whole["android"]?["notification"] ?? [:]
      return android("notification", own.setting(key, to: value))(whole)
    }
  }

  private static let changes: [(Change, Int64)] = [
    ({ $0 }, 200), ({ _ in "text" }, 400), (root("validate_only", true), 80_100_003),
    (root("token", []), 10300), (root("token", [""]), 10300), (root("token", [7]), 10300),
    (root("token", ["t1", "t1"]), 80_300_006),
    (root("token", .array((0...1_000).map { .string("t\($0)") })), 80_300_010),
    (root("notification", ["title": "", "body": "B"]), 80_100_003),
    (root("data", "no JSON"), 80_100_003),
    (
      root("data", .string(.init(repeating: "x", count: 4_096))),
      80_300_008
    ),
    (android("ttl", 60), 80_100_003), (android("ttl", "1296001s"), 80_100_003),
    (android("bi_tag", "7"), 80_100_003), (own("sound", "/raw/bell"), 80_100_003),
    (own("clickAction", ["type": 1]), 80_100_003), (own("clickAction", [:]), 80_100_003),
    (own("clickAction", ["type": 2, "url": "http://x"]), 80_100_003),
    (own("importance", "HIGH"), 80_100_003), (own("notifyId", -1), 80_100_003),
    (own("style", 1), 80_100_003), (own("badge", ["setNum": 7]), 80_100_003),
    (own("badge", ["setNum": 100, "badgeClass": "A"]), 80_100_003),
    (own("badge", ["addNum": 0, "badgeClass": "A"]), 80_100_003),
  ]

  @Test func ofFieldsAndLimits() async throws {
    try await HonorRig.with { rig async throws in
      let scope = try rig.scope()
      let session = try await HonorChannel.openSession(scope).get().text.reveal()
      let headers = [
        (name: "authorization", value: "Bearer " + session),
        (name: "timestamp", value: String(scope.now.microseconds / 1_000)),
      ]
      let url = scope.credential.origin + scope.credential.path
      for (index, (change, code)) in Self.changes.enumerated() {
        let answer = try await scope.call(.json(url, change(Self.whole), headers: headers)).get()
        #expect(answer.json?["code"]?.integer == code, "\(index)")
      }
      #expect(rig.simulator.acceptedCount == 1)
      let untimed = try await scope.call(
        .json(url, Self.whole, headers: Array(headers.prefix(1)))
      ).get()
      #expect(untimed.json?["code"] == 10001)
      let unknown = try await scope.call(
        .json(url, Self.whole, headers: [(name: "authorization", value: "Bearer made-up")])
      ).get()
      #expect(unknown.status == 401)
      let elsewhere = try await scope.call(
        .json(scope.credential.origin + "/v1/1/messages:send", Self.whole, headers: headers)
      ).get()
      #expect(elsewhere.status == 404)
    }
  }
}
