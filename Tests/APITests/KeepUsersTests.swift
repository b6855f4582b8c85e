import Foundation
import Ledger
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct KeepUsers {
  @Test("keeps devices: registered, in a state, with settings, removed; never shows a token")
  func keepsDevices() async throws {
    try await APIRig.run { rig in
      let path = "/v1/users/a%2Fnn/devices/my%20phone"
      var last = try await rig.put(
        path,
        [
          "platform": "ios", "provider": "fcm", "token": "t0ken-of-ann", "topic": "com.example",
          "environment": "sandbox", "app_version": "1.2", "locale": "de",
          "settings": ["push": true, "c2c_sound": "a.caf"],
        ])
      #expect(last.status == 202)
      last = try await rig.put(
        path + "/state", ["state": "background", "unread": ["c2c": 2, "group": 3]])
      #expect(last.status == 202)
      last = try await rig.put(path + "/settings", ["push": false, "group_sound": "b.caf"])
      let list = try await rig.get("/v1/users/a%2Fnn/devices?at_least=\(last.position ?? 0)")
      #expect(list.json["user"] == "a/nn")
      let device = try #require(list.json["devices"]?.array?.first)
      #expect(device["device"] == "my phone")
      #expect(device["state"] == "background")
      #expect(device["badge"] == 5)
      #expect(device["environment"] == "sandbox")
      #expect(
        device["settings"] == ["push": false, "c2c_sound": "a.caf", "group_sound": "b.caf"])
      #expect(device["token_sha256"]?.string?.count == 64)
      #expect(!list.text.contains("t0ken-of-ann"))
      for state in ["foreground", "killed", "logged_out"] {
        last = try await rig.put(path + "/state", ["state": .string(state)])
        let shown = try await rig.get("/v1/users/a%2Fnn/devices?at_least=\(last.position ?? 0)")
        #expect(shown.json["devices"]?.array?.first?["state"] == .string(state))
      }
      last = try await rig.delete(path)
      #expect(last.status == 202)
      let none = try await rig.get("/v1/users/a%2Fnn/devices?at_least=\(last.position ?? 0)")
      #expect(none.json["devices"] == [])
      let streams = Set(try await rig.events().map(\.event.stream.rawValue))
      #expect(streams == ["device/a%2Fnn/my phone"])
    }
  }

  @Test("keeps what is unread: by conversation, read up to a message, muted")
  func keepsUnread() async throws {
    try await APIRig.run { rig in
      _ = try await rig.post(
        "/v1/groups/g/members", ["add": [["user": "ann"], ["user": "bob", "receive": "silent"]]])
      for index in 1...3 {
        _ = try await rig.post("/v1/messages", PostMessages.message("c\(index)"))
      }
      var last = try await rig.post(
        "/v1/messages", PostMessages.message("g1", to: ["group": "g"]))
      let unread = try await rig.get("/v1/users/bob/unread?at_least=\(last.position ?? 0)")
      #expect(
        unread.json == [
          "user": "bob", "total": 4, "c2c": 3, "group": 1,
          "conversations": [
            ["conversation": ["user": "ann"], "unread": 3, "receive": "notify"],
            ["conversation": ["group": "g"], "unread": 1, "receive": "silent"],
          ], "more": false,
        ])
      _ = try await rig.post(
        "/v1/users/bob/read", ["conversation": ["user": "ann"], "up_to": "c2"])
      last = try await rig.post(
        "/v1/users/bob/read",
        ["conversation": ["group": "g"], "up_to_position": .integer(last.position ?? 0)])
      let left = try await rig.get("/v1/users/bob/unread?at_least=\(last.position ?? 0)")
      #expect(left.json["total"] == 1)
      #expect(left.json["group"] == 0)
      last = try await rig.put("/v1/users/bob/conversations/ann", ["receive": "reject"])
      #expect(last.status == 202)
      last = try await rig.post("/v1/messages", PostMessages.message("c4"))
      let same = try await rig.get("/v1/users/bob/unread?at_least=\(last.position ?? 0)")
      #expect(same.json["total"] == 1)
      #expect(same.json["conversations"]?.array?.first?["receive"] == "reject")
      #expect(try await rig.get("/v1/users/nobody/unread").json["total"] == 0)
    }
  }

  @Test("keeps users and groups; null clears, what is left out stays")
  func keepsUsersAndGroups() async throws {
    try await APIRig.run { rig in
      var answer = try await rig.put(
        "/v1/users/ann",
        [
          "nickname": "Ann", "badge": "derived", "muted_until": "2026-01-31T09:30:00Z",
          "quiet_hours": ["from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"],
          "occurred_at": "2026-01-01T00:00:00Z",
        ])
      #expect(answer.status == 202)
      answer = try await rig.put("/v1/users/ann", ["nickname": nil, "quiet_hours": nil])
      #expect(answer.status == 202)
      answer = try await rig.put("/v1/groups/g", ["name": "Group", "kind": "work"])
      #expect(answer.status == 202)
      answer = try await rig.put(
        "/v1/groups/g/members/ann", ["receive": "mentions", "name_card": "A"])
      #expect(answer.status == 202)
      answer = try await rig.put("/v1/groups/g/members/bob", [:])
      #expect(answer.status == 202)
      answer = try await rig.delete("/v1/groups/g/members/bob")
      #expect(answer.status == 202)
      answer = try await rig.post(
        "/v1/groups/g/members",
        ["add": [["user": "cid"], ["user": "dan", "name_card": "D"]], "remove": ["ann"]])
      #expect(answer.json == ["position": 9, "events": 3, "new": 3])
      let events = try await rig.events().map(\.event)
      #expect(
        events.map(\.type) == [
          .userUpdated, .userUpdated, .groupUpdated, .memberAdded, .memberAdded, .memberRemoved,
          .memberRemoved, .memberAdded, .memberAdded,
        ])
      #expect(events[0].occurredAt == Timestamp(iso8601: "2026-01-01T00:00:00Z"))
      #expect(try JSON.parse(events[0].data)["badge"] == "derived")
      #expect(try JSON.parse(try #require(events[0].content)) == ["nickname": "Ann"])
      #expect(try JSON.parse(events[1].data) == ["user": "ann", "quiet_hours": nil])
      #expect(try JSON.parse(try #require(events[1].content)) == ["nickname": nil])
      #expect(events[4].content == nil)
    }
  }

  @Test("an idempotency key stores a request once, and is good for one request only")
  func keepsARequestOnce() async throws {
    try await APIRig.run { rig in
      let key = [("Idempotency-Key", "abc")]
      let first = try await rig.put("/v1/users/ann", ["nickname": "A"], headers: key)
      #expect(first.json == ["position": 1, "new": true])
      let again = try await rig.put("/v1/users/ann", ["nickname": "A"], headers: key)
      #expect(again.json == ["position": 1, "new": false])
      let other = try await rig.put("/v1/users/ann", ["nickname": "B"], headers: key)
      #expect(other.status == 409)
      #expect(other.code == "id_reused")
      #expect(other.field == "Idempotency-Key")
      let elsewhere = try await rig.put("/v1/users/bob", ["nickname": "A"], headers: key)
      #expect(elsewhere.json == ["position": 2, "new": true])
      let members: JSON = ["add": [["user": "a"], ["user": "b"]]]
      for isNew in [2, 0] {
        let many = try await rig.post("/v1/groups/g/members", members, headers: key)
        #expect(many.json == ["position": 4, "events": 2, "new": .integer(isNew)])
      }
      for other: JSON in [
        ["add": [["user": "a"], ["user": "b"], ["user": "c"]]], ["add": [["user": "a"]]],
        ["add": [["user": "b"], ["user": "a"], ["user": "c"]]],
        ["add": [["user": "a"], ["user": "c"]]],
      ] {
        let refused = try await rig.post("/v1/groups/g/members", other, headers: key)
        #expect(refused.status == 409 && refused.code == "id_reused")
        #expect(try await rig.head() == 4, "nothing of it is stored")
      }
      for bad in [
        [("Idempotency-Key", "a"), ("Idempotency-Key", "b")], [("Idempotency-Key", "ö")],
      ] {
        let refused = try await rig.put("/v1/users/ann", ["nickname": "A"], headers: bad)
        #expect(refused.status == 400 && refused.field == "Idempotency-Key")
      }
      let number: JSON = ["state": "background", "unread": ["c2c": .number("1e1"), "group": 0]]
      for isNew in [true, false] {
        let state = try await rig.put("/v1/users/a/devices/d/state", number, headers: key)
        #expect(state.isNew == isNew)
      }
      let long = [("Idempotency-Key", String(repeating: "x", count: 129))]
      let refused = try await rig.put("/v1/users/ann", ["nickname": "A"], headers: long)
      #expect(refused.status == 400)
      #expect(refused.field == "Idempotency-Key")
    }
  }
}
