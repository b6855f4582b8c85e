import Foundation
import Ledger
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct PostMessages {
  static func message(_ id: String, text: String = "Hello", to: JSON = ["user": "bob"]) -> JSON {
    ["id": .string(id), "from": "ann", "to": to, "text": .string(text)]
  }

  @Test("G1: answers a position that is durable and stays")
  func answersAPosition() async throws {
    try await APIRig.run { rig in
      let first = try await rig.post("/v1/messages", Self.message("m1"))
      #expect(first.status == 202)
      #expect(first.json == ["id": "m1", "position": 1, "new": true])
      let stored = try await rig.events()
      #expect(stored.count == 1)
      #expect(stored[0].event.id == EventID.message(MessageID(unchecked: "m1"), app: APIRig.demo))
      #expect(stored[0].event.stream.rawValue == "message/m1")
      let again = try await rig.post("/v1/messages", Self.message("m1"))
      #expect(again.status == 202)
      #expect(again.json == ["id": "m1", "position": 1, "new": false])
      #expect(try await rig.head() == 1)
    }
  }

  @Test("keeps what the sender says, in the event's form")
  func keepsTheMessage() async throws {
    try await APIRig.run { rig in
      let answer = try await rig.post(
        "/v1/messages",
        [
          "id": "m/1 %", "from": "ann", "to": ["group": "g"],
          "elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "Hi"]]],
          "mentions": ["bob"], "mention_all": false, "targets": ["bob"],
          "expires_at": "2099-01-01T00:00:00Z", "online_only": false, "counts_unread": false,
          "push": true, "offline_push": ["Title": "T"], "cloud_custom_data": "x",
          "sender_name": "Ann", "sent_at": "2026-01-31T10:30:00.25+01:00",
        ])
      #expect(answer.status == 202)
      let event = try await rig.events()[0].event
      #expect(event.stream.rawValue == "message/m%2F1 %25")
      #expect(event.occurredAt == Timestamp(iso8601: "2026-01-31T09:30:00.25Z"))
      let data = try JSON.parse(event.data)
      #expect(data["conversation"] == ["group": "g"])
      #expect(data["counts_unread"] == false)
      #expect(data["facts"]?["shows"] == true)
      let content = try JSON.parse(try #require(event.content))
      #expect(content["offline_push"] == ["Title": "T"])
      #expect(content["sender_name"] == "Ann")
      #expect(content["cloud_custom_data"] == "x")
    }
  }

  @Test("takes an array, all or none, and says of each item whether it is new")
  func takesManyOrNone() async throws {
    try await APIRig.run { rig in
      let many = JSON.array((0..<1000).map { Self.message("m\($0)") })
      let answer = try await rig.post("/v1/messages", many)
      #expect(answer.status == 202)
      #expect(answer.position == 1000)
      #expect(answer.json["items"]?.array?.count == 1000)
      #expect(
        answer.json["items"]?.array?[17] == ["id": "m17", "position": 18, "new": true])
      var wrong = (1000..<1020).map { Self.message("m\($0)") }
      wrong[17] = ["id": "x", "from": "ann", "to": ["user": 7], "text": "Hi"]
      let refused = try await rig.post("/v1/messages", .array(wrong))
      #expect(refused.status == 400)
      #expect(refused.code == "wrong_type")
      #expect(refused.field == "[17].to.user")
      #expect(try await rig.head() == 1000)
      let tooMany = try await rig.post(
        "/v1/messages", .array((0..<1001).map { Self.message("n\($0)") }))
      #expect(tooMany.status == 400)
      #expect(tooMany.code == "too_long")
      let mixed = try await rig.post(
        "/v1/messages", [Self.message("m3"), Self.message("new"), Self.message("new")])
      #expect(
        mixed.json["items"] == [
          ["id": "m3", "position": 4, "new": false],
          ["id": "new", "position": 1001, "new": true],
          ["id": "new", "position": 1001, "new": false],
        ])
    }
  }

  @Test("G4: another message under a known id is refused, never lost in silence")
  func refusesAnotherMessageUnderAKnownID() async throws {
    try await APIRig.run { rig in
      _ = try await rig.post("/v1/messages", Self.message("m1", text: "one"))
      let other = try await rig.post("/v1/messages", Self.message("m1", text: "two"))
      #expect(other.status == 409)
      #expect(other.code == "id_reused")
      #expect(other.position == 1)
      #expect(other.field == "id")
      let array = try await rig.post(
        "/v1/messages", [Self.message("m1", text: "two"), Self.message("m2")])
      #expect(array.status == 202)
      #expect(
        array.json["items"] == [
          ["id": "m1", "position": 1, "new": false, "differs": true],
          ["id": "m2", "position": 2, "new": true],
        ])
      let sameAgainLater = Self.message("m1", text: "one").setting(
        "sent_at", to: "2026-01-31T09:30:00Z")
      #expect(try await rig.post("/v1/messages", sameAgainLater).status == 202)
    }
  }

  @Test("refuses a message to a stream that has gone on")
  func refusesAConflict() async throws {
    try await APIRig.run { rig in
      let first = try await rig.post("/v1/messages?expected_position=0", Self.message("m1"))
      #expect(first.status == 202)
      let repeated = try await rig.post("/v1/messages?expected_position=0", Self.message("m1"))
      #expect(repeated.status == 202)
      let settings = "/v1/users/ann?expected_position=0"
      #expect(try await rig.put(settings, ["nickname": "A"]).status == 202)
      let conflict = try await rig.put(settings, ["nickname": "B"])
      #expect(conflict.status == 409)
      #expect(conflict.code == "stream_conflict")
      #expect(conflict.json["stream"] == "user/ann")
      #expect(conflict.json["expected"] == 0)
      #expect(conflict.json["actual"] == 2)
      #expect(
        try await rig.put("/v1/users/ann?expected_position=2", ["nickname": "B"]).status == 202)
      let array = try await rig.post(
        "/v1/messages?expected_position=0", [Self.message("a"), Self.message("b")])
      #expect(array.status == 400)
      #expect(array.field == "expected_position")
    }
  }

  @Test("recalls once, and only what the app has")
  func recalls() async throws {
    try await APIRig.run { rig in
      _ = try await rig.post("/v1/messages", Self.message("m/1"))
      let first = try await rig.delete("/v1/messages/m%2F1?by=ann")
      #expect(first.status == 202)
      #expect(first.json == ["position": 2, "new": true])
      let again = try await rig.delete("/v1/messages/m%2F1?by=ann")
      #expect(again.json == ["position": 2, "new": false])
      let unknown = try await rig.delete("/v1/messages/m2")
      #expect(unknown.status == 404)
      #expect(unknown.code == "message_unknown")
      let events = try await rig.events()
      #expect(events.map(\.event.type) == [.messageSent, .messageRecalled])
      #expect(try JSON.parse(events[1].event.data) == ["by": "ann", "message_id": "m/1"])
    }
  }

  @Test("a full backlog answers 503 with Retry-After, and nothing is lost")
  func refusesWhenFull() async throws {
    var setup = APIRig.Setup()
    setup.limits.waitingEvents = 1
    setup.limits.patience = .seconds(1)
    setup.appends = false
    try await APIRig.run(setup) { rig in
      async let waiting = rig.post("/v1/messages", Self.message("m1"))
      try await eventually { rig.appender.status.waitingEvents == 1 }
      let refused = try await rig.post("/v1/messages", Self.message("m2"))
      #expect(refused.status == 503)
      #expect(refused.code == "append_full")
      #expect(refused.header("Retry-After") == "1")
      rig.appender.stop()
      await rig.appender.run()
      let answer = try await waiting
      #expect([202, 503].contains(answer.status))
      #expect(try await rig.head() == (answer.status == 202 ? 1 : 0))
    }
  }
}
