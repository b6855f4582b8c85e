import AsyncHTTPClient
import Foundation
import Ledger
import NIOCore
import NIOHTTP1
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ExchangeEvents {
  static func line(_ id: UUID, _ user: String) -> String {
    """
    {"event_id":"\(id)","type":"user.updated","occurred_at":"2026-01-01T00:00:00Z",\
    "data":{"user":"\(user)"}}
    """
  }

  @Test("takes NDJSON, an array and a single event; each is stored once")
  func takesEvents() async throws {
    try await APIRig.run { rig in
      let ids = (0..<3).map { _ in UUID() }
      let text = "\n" + ids.map { Self.line($0, "ann") }.joined(separator: "\r\n\n") + "\n"
      let type = [("Content-Type", "application/x-ndjson; charset=utf-8")]
      for isNew in [true, false] {
        let answer = try await rig.send(.POST, "/v1/events", Array(text.utf8), headers: type)
        #expect(answer.status == 202)
        #expect(answer.position == 3)
        #expect(answer.json["items"]?.array?.count == 3)
        #expect(
          answer.json["items"]?.array?.first == [
            "event_id": JSON(ids[0]), "position": 1, "new": .bool(isNew),
          ])
      }
      let one = try JSON.parse(Self.line(UUID(), "bob"))
      #expect(try await rig.post("/v1/events", one).position == 4)
      let fresh: JSON = ["type": "user.updated", "data": ["user": "cid"]]
      #expect(try await rig.post("/v1/events", [fresh, fresh]).position == 6)
      let exported = try await rig.get("/v1/events?after=3&limit=1")
      let again = try await rig.send(.POST, "/v1/events", exported.body, headers: type)
      #expect(again.json["items"]?.array?.first?["new"] == false)
    }
  }

  @Test("refuses a bad event with its place, and stores none of the others")
  func refusesBadEvents() async throws {
    try await APIRig.run { rig in
      let type = [("Content-Type", "application/x-ndjson")]
      let good = Self.line(UUID(), "ann")
      let cases: [(lines: [String], code: String, field: String?, line: JSON?)] = [
        ([good, "", "{\"type\":"], "malformed_json", nil, 3),
        ([good, "{\"type\":\"user.updated\",\"data\":{}}"], "missing", "[1].data.user", nil),
        ([good, "{\"type\":\"x\",\"data\":{}}"], "unknown_value", "[1].type", nil),
        ([good, "[]"], "wrong_type", "[1]", nil),
        ([""], "too_short", "", nil),
        (Array(repeating: good, count: 1001), "too_long", "", nil),
      ]
      for (lines, code, field, line) in cases {
        let text = lines.joined(separator: "\n")
        let answer = try await rig.send(.POST, "/v1/events", Array(text.utf8), headers: type)
        #expect(answer.status == 400)
        #expect(answer.code == code)
        #expect(answer.field == field)
        #expect(answer.json["line"] == line)
      }
      #expect(try await rig.head() == 0)
    }
  }

  @Test("a key may append what its scopes are good for")
  func checksScopesByType() async throws {
    try await APIRig.run { rig in
      let send = try await rig.key([.send])
      let user: JSON = ["type": "user.updated", "data": ["user": "ann"]]
      let device: JSON = [
        "type": "device.killed", "data": ["user": "ann", "device": "d"],
      ]
      let attempt: JSON = [
        "type": "device.token_invalidated",
        "data": ["user": "ann", "device": "d", "token_sha256": "00", "provider": "apns"],
      ]
      #expect(try await rig.post("/v1/events", user, key: send).status == 202)
      let refused = try await rig.post("/v1/events", [user, device], key: send)
      #expect(refused.status == 403)
      #expect(refused.code == "scope_missing")
      #expect(refused.field == "[1].type")
      let both = try await rig.key([.send, .device])
      #expect(try await rig.post("/v1/events", [user, device], key: both).status == 202)
      #expect(try await rig.post("/v1/events", attempt, key: both).status == 403)
      #expect(try await rig.post("/v1/events", attempt).status == 202)
      #expect(try await rig.head() == 4)
    }
  }

  @Test("a stream that has gone on is a conflict")
  func refusesAConflict() async throws {
    try await APIRig.run { rig in
      let user: JSON = ["type": "user.updated", "data": ["user": "ann"]]
      let path = "/v1/events?expected_stream=user%2Fann&expected_position="
      #expect(try await rig.post(path + "0", user).status == 202)
      let conflict = try await rig.post(path + "0", [user, user])
      #expect(conflict.status == 409)
      #expect(conflict.json["actual"] == 1)
      #expect(try await rig.post(path + "1", [user, user]).status == 202)
      let alone = try await rig.post("/v1/events?expected_stream=user%2Fann", user)
      #expect(alone.status == 400)
      #expect(alone.field == "expected_position")
    }
  }

  @Test("G3: reads the ledger in order, a part or a stream of it")
  func readsEvents() async throws {
    try await APIRig.run { rig in
      let many = JSON.array((0..<600).map { PostMessages.message("m\($0)") })
      _ = try await rig.post("/v1/messages", many)
      let all = try await rig.get("/v1/events")
      #expect(all.header("Content-Type") == "application/x-ndjson")
      #expect(all.header("PushLedger-Head") == "600")
      let lines = all.text.split(separator: "\n")
      let positions = try lines.map { try JSON.parse(Array($0.utf8))["position"]?.integer }
      #expect(positions == (1...600).map { Int64($0) })
      let some = try await rig.get("/v1/events?after=590&limit=5")
      #expect(some.text.split(separator: "\n").count == 5)
      let one = try await rig.get("/v1/events?stream=message%2Fm7")
      #expect(try JSON.parse(Array(one.text.utf8))["position"] == 8)
      #expect(try await rig.get("/v1/events?after=600").body.isEmpty)
    }
  }

  @Test("G3: follows the ledger as it grows")
  func followsEvents() async throws {
    try await APIRig.run { rig in
      _ = try await rig.post("/v1/messages", PostMessages.message("m0"))
      try await rig.follow("/v1/events?follow=true") { lines in
        for index in 0..<20 {
          let line = try #require(try await lines.next())
          #expect(try JSON.parse(Array(line.utf8))["position"] == .integer(index + 1))
          _ = try await rig.post("/v1/messages", PostMessages.message("m\(index + 1)"))
        }
      }
      try await rig.follow("/v1/events?follow=true&stream=message%2Fm3&limit=1") { lines in
        let line = try #require(try await lines.next())
        #expect(try JSON.parse(Array(line.utf8))["position"] == 4)
        #expect(try await lines.next() == nil)
      }
      try await eventually {
        try await rig.get("/metrics", key: .some(nil)).text.contains("pushledger_feeds 0\n")
      }
    }
  }

  @Test("a feed that is open ends when the server stops")
  func endsFeedsAtShutdown() async throws {
    let ended = Late<Bool>()
    try await APIRig.run { rig in
      let port = rig.port
      let key = rig.key
      let head = AsyncStream.makeStream(of: Void.self)
      Task {
        var request = HTTPClientRequest(
          url: "http://127.0.0.1:\(port)/v1/events?follow=true")
        request.headers.add(name: "Authorization", value: "Bearer \(key)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        head.continuation.finish()
        for try await _ in response.body {}
        ended.value = true
      }
      for await _ in head.stream {}
    }
    try await eventually { ended.value == true }
  }

  @Test("G13: device tokens are shown to admin keys only")
  func hidesTokens() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put("/v1/users/ann/devices/d", ReportMessages.registration)
      let reader = try await rig.key([.read])
      #expect(try await rig.get("/v1/events").text.contains("aabbcc"))
      let shown = try await rig.get("/v1/events", key: reader)
      #expect(shown.text.contains("device.registered"))
      #expect(!shown.text.contains("aabbcc"))
    }
  }
}
