import Foundation
import Ledger
import Logging
import NIOHTTP1
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct Operate {
  @Test("health, metrics and the document need no key")
  func tellsHealth() async throws {
    var setup = APIRig.Setup()
    setup.configure = { parts in
      parts.metrics = { [MetricFamily("extra_things", .gauge, help: "Extra.", value: 7)] }
    }
    try await APIRig.run(setup) { rig in
      #expect(try await rig.get("/health/live", key: .some(nil)).json == ["status": "live"])
      #expect(try await rig.get("/health/ready", key: .some(nil)).json == ["status": "ready"])
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      _ = try await rig.get("/v1/messages/m1/nothing/here")
      let metrics = try await rig.get("/metrics", key: .some(nil))
      #expect(metrics.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
      for line in [
        "pushledger_http_requests_total{method=\"POST\",route=\"/v1/messages\",status=\"202\"} 1",
        "pushledger_http_requests_total{method=\"unknown\",route=\"unknown\",status=\"404\"} 1",
        "pushledger_http_problems_total{code=\"route_unknown\"} 1",
        "pushledger_appended_events_total 1", "extra_things 7",
        "# TYPE pushledger_http_request_duration_seconds histogram",
      ] {
        #expect(metrics.text.contains(line + "\n"), "\(line)")
      }
      let head = try await rig.send(.HEAD, "/health/live", key: .some(nil))
      #expect(head.status == 200)
      #expect(head.body.isEmpty)
    }
  }

  @Test("status tells head, projections and what the process adds")
  func tellsStatus() async throws {
    var setup = APIRig.Setup()
    setup.configure = { parts in
      parts.status = { app in [.init("dispatch", ["app_again": JSON(app)])] }
    }
    try await APIRig.run(setup) { rig in
      let sent = try await rig.post("/v1/messages", PostMessages.message("m1"))
      _ = try await rig.get("/v1/users/bob/unread?at_least=\(sent.position ?? 0)")
      let status = try await rig.get("/v1/status")
      #expect(status.json["app"] == "demo")
      #expect(status.json["head"] == 1)
      let projection = try #require(status.json["projections"]?.array?.first)
      #expect(projection["projection"] == "notifications")
      #expect(projection["position"] == 1)
      #expect(projection["lag_events"] == 0)
      #expect(projection["state"] == "follows")
      #expect(status.json["dispatch"] == ["app_again": "demo"])
      for (change, state) in [
        ("paused_at = now()", "paused"),
        ("failed_at = now(), failed_position = 2, failure = 'not known'", "failed"),
      ] {
        _ = try await rig.pool.query("update ledger.checkpoints set \(change)")
        let still = try await rig.get("/v1/status").json["projections"]?.array?.first
        #expect(still?["state"] == .string(state))
        #expect(still?["failed_position"] == (state == "failed" ? 2 : nil))
        #expect(still?["failure"] == (state == "failed" ? "not known" : nil))
      }
    }
  }

  @Test("with the database down: reads answer 503, and nothing is said to be ready")
  func survivesTheDatabase() async throws {
    let nowhere = PostgresConfiguration(
      "postgresql://nobody@127.0.0.1:1/none", connectTimeout: .seconds(1))
    let pool = PostgresPool(
      nowhere, limit: 1, acquireTimeout: .milliseconds(200), logger: TestDatabase.logger)
    var setup = APIRig.Setup()
    setup.projects = false
    setup.configure = { parts in
      parts.pool = pool
      // As a query does that nobody answers.
      parts.metrics = {
        try? await Task.sleep(for: .seconds(600))
        return []
      }
    }
    try await APIRig.run(setup) { rig in
      let metrics = try await rig.get("/metrics", key: .some(nil))
      #expect(metrics.status == 200 && metrics.text.contains("\npushledger_append_connected "))
      let ready = try await rig.get("/health/ready", key: .some(nil))
      #expect(ready.status == 503)
      #expect(ready.code == "not_ready")
      #expect(try await rig.get("/health/live", key: .some(nil)).status == 200)
      for path in ["/v1/users/bob/unread", "/v1/messages/m1", "/v1/events", "/v1/status"] {
        let answer = try await rig.get(path)
        #expect(answer.status == 503)
        #expect(answer.code == "ledger_unavailable")
        #expect(answer.header("Retry-After") != nil)
      }
    }
    await pool.close()
  }

  @Test("G13: no log, metric or refusal shows a key, a token or a text")
  func keepsSecrets() async throws {
    let log = LogCapture()
    var setup = APIRig.Setup()
    setup.logger = log.logger
    try await APIRig.run(setup) { rig in
      let secrets = ["s3cret-text", "s3cret-token", rig.key]
      var shown: [String] = []
      let bodies: [JSON] = [
        ["id": "m1", "from": "ann", "to": ["user": "bob"], "text": "s3cret-text", "push": 1],
        ["id": "m1", "from": "ann", "to": "s3cret-text", "text": "s3cret-text"],
        ["id": "m1", "from": "ann", "to": ["user": "bob"], "elements": "s3cret-text"],
        [
          "id": "m1", "from": "ann", "to": ["user": "bob"], "text": "s3cret-text",
          "sent_at": "a s3cret-text",
        ],
      ]
      for body in bodies { shown.append(try await rig.post("/v1/messages", body).text) }
      _ = try await rig.post("/v1/messages", PostMessages.message("m1", text: "s3cret-text"))
      shown.append(
        try await rig.post("/v1/messages", PostMessages.message("m1", text: "other")).text)
      let registration = ReportMessages.registration.setting("provider", to: "fcm")
        .setting("token", to: "s3cret-token")
      shown.append(
        try await rig.put("/v1/users/ann/devices/d", registration.setting("platform", to: 1)).text)
      shown.append(try await rig.put("/v1/users/ann/devices/d", registration).text)
      shown.append(
        try await rig.put("/v1/users/ann/devices/d", registration.setting("token", to: [1])).text)
      shown.append(try await rig.get("/v1/users/ann/devices").text)
      shown.append(try await rig.get("/metrics").text)
      shown.append(try await rig.send(.POST, "/v1/messages", Array("{\"s3cret-text".utf8)).text)
      shown.append(log.text)
      for secret in secrets {
        for text in shown { #expect(!text.contains(secret), "\(text)") }
      }
    }
  }
}
