import Ledger
import PushCore
import TestSupport
import Testing

@testable import API

/// A token that can be seen to be wrong is refused where it is registered, not at its first push.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct RefuseTokens {
  private static let keys: JSON = [
    "p256dh":
      "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
  ]
  static let subscription: JSON = ["endpoint": "https://push.example/s3cret", "keys": keys]

  /// Provider, token, code, and what the error says.
  private static let wrong: [(String, JSON, String, String)] = [
    ("apns", "ZZs3cret", "bad_format", "hexadecimal digits"),
    ("apns", ["s3cret": "aa"], "wrong_type", "a text is expected"),
    ("fcm", ["s3cret": "aa"], "wrong_type", "a text is expected"),
    ("callback", "https://user:s3cret@localhost:1/", "bad_format", "without a user"),
    ("callback", "https://", "bad_format", "a host is expected"),
    ("callback", "http://s3cret.example/", "bad_format", "begins with https://"),
    ("callback", "HTTPS://s3cret.example/", "bad_format", "begins with https://"),
    ("callback", "https:/s3cret.example/", "bad_format", "begins with https://"),
    ("callback", ["s3cret": "aa"], "wrong_type", "a text is expected"),
    ("webpush", .string(subscription.text), "wrong_type", "is an object"),
    ("webpush", ["endpoint": "http://s3cret.example", "keys": keys], "bad_format", "endpoint"),
    ("webpush", ["endpoint": "http://s3cret.example", "keys": [:]], "bad_format", "endpoint"),
    (
      "webpush", subscription.setting("keys", to: keys.setting("auth", to: "s3cret")),
      "bad_format", "keys.auth"
    ),
    (
      "webpush", subscription.setting("keys", to: keys.setting("p256dh", to: "s3cret")),
      "bad_format", "keys.p256dh"
    ),
  ]

  private static func expect(
    _ answer: Answer, _ field: String, _ code: String, _ part: String
  ) {
    #expect(answer.status == 400 && answer.code == code && answer.field == field, "\(answer.text)")
    #expect(answer.detail.contains(part), "\(answer.text)")
    #expect(!answer.text.contains("s3cret"), "\(answer.text)")
  }

  @Test("G13: by the field, with the way out, and never with the token itself")
  func namesTheField() async throws {
    try await APIRig.run { rig in
      for (provider, token, code, part) in Self.wrong {
        let way: JSON = ["provider": .string(provider), "token": token]
        Self.expect(
          try await rig.put("/v1/users/ann/devices/d", way.setting("platform", to: "other")),
          "token", code, part)
        Self.expect(
          try await rig.put(
            "/v1/users/ann/devices/d",
            ["platform": "other", "provider": "huawei", "token": "h", "fallbacks": [way]]),
          "fallbacks[0].token", code, part)
        let event: JSON = [
          "type": "device.registered",
          "data": [
            "user": "ann", "device": "d", "platform": "other", "provider": .string(provider),
          ],
          "content": ["token": token],
        ]
        Self.expect(try await rig.post("/v1/events", event), "content.token", code, part)
      }
      #expect(try await rig.head() == 0)
    }
  }

  @Test("what a provider gives is taken, and a name stands for a stream")
  func takesTheRest() async throws {
    try await APIRig.run { rig in
      let rows: [(String, JSON)] = [
        ("apns", "00FFaa"), ("fcm", "a:b-c_d"), ("webpush", Self.subscription),
        ("callback", "https://chat.example:8443/hook?a=b"), ("callback", "stream"),
        ("callback", "phone:17"), ("meizu", "m"),
      ]
      for (provider, token) in rows {
        let answer = try await rig.put(
          "/v1/users/ann/devices/d",
          ["platform": "other", "provider": .string(provider), "token": token])
        #expect(answer.status == 202, "\(provider): \(answer.text)")
      }
    }
  }
}
