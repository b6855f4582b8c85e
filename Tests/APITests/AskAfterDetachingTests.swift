import Foundation
import Ledger
import NIOHTTP1
import PushCore
import TestSupport
import Testing

@testable import API

/// Nobody who asks for messages that are in an archive is told that there are none.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct AskAfterDetaching {
  /// Bob has no device, so of m1 nothing is due. `end` is the archive's; m2 comes after it.
  private func with(_ body: @escaping @Sendable (APIRig, Position) async throws -> Void)
    async throws
  {
    try await APIRig.run { rig in
      _ = try await rig.put("/v1/users/bob", ["nickname": "Bob"])
      _ = try await rig.post("/v1/groups/g/members", ["add": [["user": "bob"]]])
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      _ = try await rig.post("/v1/messages", PostMessages.message("g1", to: ["group": "g"]))
      let end = try await rig.detachEverything()
      _ = try await rig.post("/v1/messages", PostMessages.message("m2"))
      try await body(rig, end)
    }
  }

  @Test("answers 410 for a message that is in the archive, and says how to get at it")
  func namesTheArchive() async throws {
    try await with { rig, end in
      for path in ["", "/explanation", "/timeline", "?limit=1", "/timeline?after=1"] {
        let gone = try await rig.get("/v1/messages/m1" + path)
        #expect(gone.status == 410 && gone.code == "archived", "\(path): \(gone.text)")
        #expect(gone.field == "id" && gone.detail.contains("pushledger restore"))
        let there = try await rig.get("/v1/messages/m2" + path)
        #expect(there.status == 200, "\(path): \(there.text)")
        let unknown = try await rig.get("/v1/messages/none" + path)
        guard path != "/timeline?after=1" else { continue }
        #expect(unknown.status == 404 && unknown.code == "message_unknown", "\(path)")
        #expect(unknown.detail.contains("up to position \(end) are in an archive"))
      }
      let other = try await rig.get("/v1/messages/none", key: rig.otherKey)
      #expect(other.status == 404 && !other.detail.contains("archive"))
    }
  }

  @Test("a message in the archive can be recalled, once, and is not sent again")
  func recalls() async throws {
    try await with { rig, _ in
      let again = try await rig.post("/v1/messages", PostMessages.message("m1"))
      #expect(again.status == 202 && again.isNew == false)
      let sent = try await rig.head()
      let before = try await rig.get("/v1/users/bob/unread?at_least=\(sent)")
      #expect(before.json["total"] == 3, "\(before.text)")
      for isNew in [true, false] {
        let recalled = try await rig.delete("/v1/messages/m1?by=ann")
        #expect(recalled.status == 202 && recalled.isNew == isNew, "\(recalled.text)")
      }
      #expect(try await rig.head() == sent + 1)
      let unread = try await rig.get("/v1/users/bob/unread?at_least=\(sent + 1)")
      #expect(unread.json["total"] == 2, "\(unread.text)")
      #expect(try await rig.get("/v1/messages/m1").status == 410)
      #expect(try await rig.get("/v1/messages/m1/timeline").status == 410)
      #expect(try await rig.delete("/v1/messages/none").status == 404)
    }
  }

  @Test("G3: events are read after the archive's end, or refused")
  func readsAfterTheEnd() async throws {
    try await with { rig, end in
      for query in ["", "?after=\(end - 1)", "?follow=true", "?limit=1"] {
        let refused = try await rig.get("/v1/events" + query)
        #expect(refused.status == 410 && refused.code == "archived", "\(query)")
        #expect(refused.position == end)
      }
      let rest = try await rig.get("/v1/events?after=\(end)")
      #expect(rest.status == 200)
      #expect(try JSON.parse(rest.body)["position"] == .integer(end + 1))
      let stream = try await rig.get("/v1/events?stream=group%2Fg")
      #expect(stream.status == 200 && stream.text.contains("group.member_added"))
      let path = "/v1/subscriptions/all"
      let early = try await rig.put(path, [:])
      #expect(early.status == 410 && early.code == "archived" && early.position == end)
      #expect(try await rig.put(path, ["after": .integer(end)]).status == 200)
      let given = try await rig.get("/v1/events?subscription=all&consumer=one")
      #expect(try JSON.parse(given.body)["position"] == .integer(end + 1))
      #expect(try await rig.put("/v1/subscriptions/now", ["after": "head"]).status == 200)
    }
  }

  @Test("a history says up to where it lacks messages")
  func showsHistories() async throws {
    try await with { rig, end in
      _ = try await rig.get("/v1/messages/m2")
      let check = SchemaCheck(schemas: try JSON.parse(PackageResources.schemas_json))
      for path in ["/v1/users/bob/timeline", "/v1/groups/g/timeline"] {
        let whole = try await rig.get(path)
        #expect(whole.json["archived_up_to"] == .integer(end), "\(whole.text)")
        #expect(check.faults(whole.json, check.schemas["History"] ?? .null) == [])
        #expect(!whole.text.contains("\"m1\"") && !whole.text.contains("\"g1\""))
        let later = try await rig.get(path + "?after=\(end)")
        #expect(later.status == 200 && later.json["archived_up_to"] == nil)
      }
      let other = try await rig.get("/v1/users/bob/timeline", key: rig.otherKey)
      #expect(other.status == 200 && other.json["archived_up_to"] == nil)
    }
  }

  @Test("Tencent's doors answer what they answer for a message that never was")
  func answersAsTencent() async throws {
    try await TencentBackend.run { backend, clock in
      let create: JSON = ["Type": "Public", "Name": "n", "GroupId": "g1"]
      _ = try await backend.call("group_open_http_svc/create_group", create, at: clock.now)
      let one = try await backend.call(
        "openim/sendmsg", SendAsTencent.message(["From_Account": "ann"]), at: clock.now)
      let many = try await backend.call(
        "group_open_http_svc/send_group_msg",
        ["GroupId": "g1", "Random": 5, "MsgBody": SendAsTencent.text], at: clock.now)
      _ = try await backend.rig.detachEverything()
      func recalls() async throws -> [JSON?] {
        let sequence: JSON = ["MsgSeq": many["MsgSeq"] ?? .null]
        let recall: JSON = [
          "From_Account": "ann", "To_Account": "ben", "MsgKey": one["MsgKey"] ?? .null,
        ]
        let answer = try await backend.call(
          "group_open_http_svc/group_msg_recall", ["GroupId": "g1", "MsgSeqList": [sequence]],
          at: clock.now)
        return [
          try await backend.call("openim/admin_msgwithdraw", recall, at: clock.now)["ErrorCode"],
          answer["RecallRetList"]?.array?.first?["RetCode"],
        ]
      }
      #expect(
        try await recalls() == [
          .integer(TencentError.noSuchMessage), .integer(TencentError.noGroupMessage),
        ])
    }
  }
}
