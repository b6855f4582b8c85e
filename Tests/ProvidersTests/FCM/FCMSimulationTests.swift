import Foundation
import PushCore
import Simulators
import Testing

@testable import Providers

/// What the simulator asks of requests, whoever sends them.
@Suite struct SimulateFCM {
  private let path = "/v1/projects/shop-7f3a1/messages:send"

  private func bearer(_ rig: FCMRig) async throws -> [(name: String, value: String)] {
    let stored = FCMRig.stored(FCMRig.account())
    let credential = try #require(
      try ProviderCredential(stored).material as? FCMCredential)
    let answer = try await grant(rig, try await credential.account.assertion(at: rig.clock.now))
    let token = try #require(answer.json?["access_token"]?.string)
    return [("authorization", "Bearer \(token)")]
  }

  private func grant(
    _ rig: FCMRig, _ assertion: String,
    type: String = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  ) async throws -> HTTPAnswer {
    let form = HTTPCall.form("", [("grant_type", type), ("assertion", assertion)])
    return try await rig.post("/token", form.body, headers: form.headers)
  }

  private func send(_ rig: FCMRig, _ body: String) async throws -> HTTPAnswer {
    try await rig.post(path, Array(body.utf8), headers: try await bearer(rig))
  }

  // MARK: The form

  /// Messages, and the first field that does not fit; nil: it is taken.
  private static let messages: [(String, String?)] = [
    (#"{"message":{"token":"a","notification":{"title":"t","body":"b"}}}"#, nil),
    (#"{"message":{"token":"a","data":{"n":"1"},"android":{"ttl":"3.5s"}}}"#, nil),
    (#"{"validateOnly":true,"message":{"token":"a","android":{"collapseKey":"k"}}}"#, nil),
    (#"{"message":{"token":"a","android":{"priority":"high"},"fcmOptions":null}}"#, nil),
    (#"{"message":{"fid":"a"}}"#, nil),
    (#"{"message":{"topic":"news-1.2~%"}}"#, nil),
    (#"{"message":{"condition":"'a' in topics"}}"#, nil),
    (
      #"{"message":{"token":"a","android":{"notification":{"notification_count":"3","#
        + #""vibrate_timings":["0.5s"],"event_time":"2027-01-15T08:00:00Z","#
        + #""light_settings":{"color":{"red":0.5}}}}}}"#, nil
    ),
    (
      #"{"message":{"token":"a","apns":{"headers":{"apns-priority":"10"},"payload":{"aps":{}}}}}"#,
      nil
    ),
    (
      #"{"message":{"token":"a","webpush":{"headers":{"TTL":"9"},"notification":{"tag":"x"}}}}"#,
      nil
    ),
    ("no JSON", ""),
    ("[]", ""),
    (#"{"colour":1,"message":{"token":"a"}}"#, ""),
    (#"{"message":{}}"#, "message"),
    (#"{}"#, "message"),
    (#"{"message":{"token":"a","topic":"b"}}"#, "message"),
    (#"{"message":{"token":7}}"#, "message.token"),
    (#"{"message":{"token":"a","to":"b"}}"#, "message"),
    (#"{"message":{"topic":"/topics/news"}}"#, "message.topic"),
    (#"{"message":{"token":"a","data":{"a":"1","n":7}}}"#, "message.data[1].value"),
    (#"{"message":{"token":"a","data":"x"}}"#, "message.data"),
    (#"{"message":{"token":"a","data":{"from":"x"}}}"#, "message.data"),
    (#"{"message":{"token":"a","data":{"message_type":"x"}}}"#, "message.data"),
    (#"{"message":{"token":"a","data":{"google.x":"x"}}}"#, "message.data"),
    (#"{"message":{"token":"a","android":{"data":{"gcm_x":"x"}}}}"#, "message.android.data"),
    (#"{"message":{"token":"a","notification":{"text":"x"}}}"#, "message.notification"),
    (#"{"message":{"token":"a","android":{"ttl":"60"}}}"#, "message.android.ttl"),
    (#"{"message":{"token":"a","android":{"ttl":60}}}"#, "message.android.ttl"),
    (#"{"message":{"token":"a","android":{"ttl":"2419201s"}}}"#, "message.android.ttl"),
    (#"{"message":{"token":"a","android":{"ttl":"-1s"}}}"#, "message.android.ttl"),
    (#"{"message":{"token":"a","android":{"priority":"urgent"}}}"#, "message.android.priority"),
    (
      #"{"message":{"token":"a","android":{"notification":{"sticky":"yes"}}}}"#,
      "message.android.notification.sticky"
    ),
    (
      #"{"message":{"token":"a","android":{"notification":{"body_loc_args":["x",1]}}}}"#,
      "message.android.notification.body_loc_args[1]"
    ),
    (
      #"{"message":{"token":"a","apns":{"headers":{"apns-priority":10}}}}"#,
      "message.apns.headers[0].value"
    ),
  ]

  @Test(arguments: messages.indices) func aFieldThatDoesNotFitIsNamed(_ index: Int) async throws {
    let (body, field) = Self.messages[index]
    try await FCMRig.with { rig async throws in
      let answer = try await send(rig, body)
      #expect(answer.status == (field == nil ? 200 : 400), "\(body)")
      #expect(FCMError(answer).code == nil || field != nil)
      let violation = answer.json?["error"]?["details"]?.array?.first?["fieldViolations"]
      #expect(violation?.array?.first?["field"]?.string == field, "\(body)")
    }
  }

  @Test(arguments: [
    (#""token":"a""#, 4_096), (#""topic":"a""#, 2_048),
  ]) func aMessageMayBeSoLong(_ target: String, _ limit: Int) async throws {
    try await FCMRig.with { rig async throws in
      for (excess, status) in [(0, 200), (1, 400)] {
        let text = String(repeating: "x", count: limit - 1 + excess)
        let answer = try await send(rig, #"{"message":{\#(target),"data":{"k":"\#(text)"}}}"#)
        #expect(answer.status == status)
      }
    }
  }

  @Test(arguments: ["", "a b", "ä", "a/b"]) func aTokenThatIsNoneIsRefused(_ token: String)
    async throws
  {
    try await FCMRig.with { rig async throws in
      let answer = try await send(rig, #"{"message":{"token":"\#(token)"}}"#)
      #expect(answer.status == 400)
      #expect(FCMError(answer).code == "INVALID_ARGUMENT")
      #expect(FCMError(answer).badField == nil)
      #expect(rig.simulator.counts.accepted == 0)
    }
  }

  @Test func whatIsOnlyToBeCheckedReachesNobody() async throws {
    try await FCMRig.with { rig async throws in
      let answer = try await send(rig, #"{"validate_only":true,"message":{"token":"a"}}"#)
      #expect(answer.json?["name"]?.string?.hasPrefix("projects/shop-7f3a1/messages/") == true)
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  // MARK: Who may send

  @Test func withoutASessionNothingIsTaken() async throws {
    try await FCMRig.with { rig async throws in
      let body = Array(#"{"message":{"token":"a"}}"#.utf8)
      #expect(try await rig.post(path, body).status == 401)
      let wrong = [(name: "authorization", value: "Bearer ya29.x")]
      #expect(try await rig.post(path, body, headers: wrong).status == 401)
      let session = try await bearer(rig)
      #expect(try await rig.post(path, body, headers: session).status == 200)
      let other = "/v1/projects/other/messages:send"
      #expect(try await rig.post(other, body, headers: session).status == 403)
      #expect(try await rig.post("/v1/projects/shop-7f3a1/messages", body).status == 404)
      rig.simulatorClock.advance(.seconds(3_599))
      #expect(try await rig.post(path, body, headers: session).status == 401)
    }
  }

  @Test func anAssertionIsLookedAtFromAllSides() async throws {
    try await FCMRig.with { rig async throws in
      let credential = try #require(rig.credential.material as? FCMCredential)
      let good = try await credential.account.assertion(at: rig.clock.now)
      let parts = good.split(separator: ".").map(String.init)
      #expect(try await grant(rig, good).status == 200)
      #expect(
        try await grant(rig, good, type: "password").json?["error"] == "unsupported_grant_type")
      let unsigned = Base64URL.encode(Data(#"{"alg":"none"}"#.utf8)) + ".\(parts[1])."
      let forged = "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))"
      for wrong in ["", "a.b", "a.b.c", unsigned, forged, good + ".x"] {
        #expect(try await grant(rig, wrong).json?["error"] == "invalid_grant", "\(wrong)")
      }
    }
  }

  // MARK: Quotas

  @Test func aProjectHasItsMinute() async throws {
    var server = FCMSimulation.Settings()
    server.projectPerMinute = 2
    try await FCMRig.with(server: server) { rig async throws in
      rig.simulatorClock.advance(.seconds(17))
      #expect(await rig.send("a").outcome == .accepted)
      // What is refused counts too.
      rig.simulator.setFate("INVALID_ARGUMENT_FIELD", of: "b", times: 1)
      #expect(await rig.send("b").outcome == .rejected)
      rig.simulatorClock.advance(.seconds(40))
      let result = await rig.send("b")
      #expect(result.reason == "QUOTA_EXCEEDED")
      #expect(result.retryAfter == .seconds(20))
      rig.simulatorClock.advance(.seconds(20))
      #expect(await rig.send("b").outcome == .accepted)
    }
  }

  @Test func aPhoneHasItsMinuteAndItsHour() async throws {
    var server = FCMSimulation.Settings()
    server.devicePerMinute = 2
    server.devicePerHour = 3
    try await FCMRig.with(server: server) { rig async throws in
      var reasons: [String?] = []
      for wait in [0, 0, 0, 60, 0, 60, 3_480] as [Int64] {
        rig.simulatorClock.advance(.seconds(wait))
        reasons.append(await rig.send("a").reason)
      }
      let busy = "QUOTA_EXCEEDED"
      #expect(reasons == [nil, nil, busy, nil, busy, busy, nil])
      #expect(await rig.send("b").outcome == .accepted)
    }
  }

  // MARK: Other senders

  /// As Google's SDKs for servers send: headers of their own, every member written out.
  @Test func takesWhatOtherSendersSend() async throws {
    try await FCMRig.with { rig async throws in
      let headers =
        try await bearer(rig) + [
          ("content-type", "application/json;charset=utf-8"), ("access_token_auth", "true"),
          ("x-goog-api-client", "gl-node/22.0.0 fire-admin/13.0.0"),
          ("x-firebase-client", "fire-admin-node/13.0.0"), ("x-goog-api-format-version", "2"),
        ]
      let body = #"""
        {"validate_only":false,"message":{"token":"a","notification":{"title":"t","body":"b"},
         "data":{},"android":{"priority":"high","ttl":"60s","notification":{"channel_id":"c"}},
         "apns":{"payload":{"aps":{"sound":"default"}}},"fcm_options":{"analytics_label":"l"}}}
        """#
      #expect(try await rig.post(path, Array(body.utf8), headers: headers).status == 200)
      let note = rig.simulator.received().first?.note
      #expect(note == ["title": "t", "body": "b", "ttl": "60s", "priority": "high"])
    }
  }
}
