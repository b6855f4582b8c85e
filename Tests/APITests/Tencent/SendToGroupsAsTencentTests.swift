import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct SendToGroupsAsTencent {
  private static let service = "group_open_http_svc/"

  private struct Desk {
    let backend: TencentBackend
    let clock: TestClock

    func call(_ command: String, _ body: JSON) async throws -> JSON {
      try await backend.call(SendToGroupsAsTencent.service + command, body, at: clock.now)
    }

    func code(_ command: String, _ body: JSON) async throws -> Int64? {
      try await call(command, body)["ErrorCode"]?.integer
    }

    /// `POST /v1`'s view of a message: user to status or reason.
    func outcomes(of position: JSON?) async throws -> [String: String] {
      let position = try #require(position?.integer)
      let event = try #require(
        try await LedgerReader(backend.rig.pool).events(
          of: APIRig.demo, after: position - 1, limit: 1
        ).first)
      guard case .messageSent(let message) = try event.event.body() else { return [:] }
      let report = try await backend.rig.get(
        "/v1/messages/\(message.id.rawValue)?at_least=\(try await backend.rig.head())")
      let deliveries = report.json["deliveries"]?.array ?? []
      return Dictionary(
        uniqueKeysWithValues: deliveries.map {
          ($0["user"]?.string ?? "", $0["reason"]?.string ?? $0["status"]?.string ?? "")
        })
    }
  }

  private static func run(_ body: @escaping @Sendable (Desk) async throws -> Void) async throws {
    try await TencentBackend.run { backend, clock in
      let desk = Desk(backend: backend, clock: clock)
      for user in ["ann", "ben", "cem"] {
        _ = try await backend.rig.put(
          "/v1/users/\(user)/devices/phone",
          [
            "platform": "ios", "provider": "apns", "topic": "t",
            "token": .string("aa\(user.utf8.map { String($0, radix: 16) }.joined())"),
          ])
      }
      let made = try await desk.call(
        "create_group",
        [
          "GroupId": "hikers", "Type": "Public", "Name": "Hiking club", "Owner_Account": "ann",
          "MemberList": [["Member_Account": "ben"], ["Member_Account": "ann"]],
        ])
      #expect(made["GroupId"] == "hikers" && made["ErrorCode"] == 0 && made["Type"] == "Public")
      try await body(desk)
    }
  }

  private static func message(_ more: KeyValuePairs<String, JSON> = [:]) -> JSON {
    var body: JSON = [
      "GroupId": "hikers", "From_Account": "ann", "Random": 8_912_345,
      "MsgBody": SendAsTencent.text,
    ]
    for (name, value) in more { body = body.setting(name, to: value) }
    return body
  }

  @Test("send_group_msg: all members but the sender are decided for, and MsgSeq is its position")
  func sends() async throws {
    try await Self.run { desk in
      let sent = try await desk.call("send_group_msg", Self.message())
      #expect(sent["MsgTime"] == .integer(desk.clock.now.seconds))
      #expect(sent["MsgSeq"] == .integer(try await desk.backend.rig.head()))
      #expect(try await desk.outcomes(of: sent["MsgSeq"]) == ["ben": "due"])
      let added = try await desk.call(
        "add_group_member", ["GroupId": "hikers", "MemberList": [["Member_Account": "cem"]]])
      #expect(added["MemberList"] == [["Member_Account": "cem", "Result": 1]])
      let both = try await desk.call("send_group_msg", Self.message(["Random": 2]))
      #expect(try await desk.outcomes(of: both["MsgSeq"]) == ["ben": "due", "cem": "due"])
      _ = try await desk.call(
        "delete_group_member", ["GroupId": "hikers", "MemberToDel_Account": ["ben"]])
      let one = try await desk.call("send_group_msg", Self.message(["Random": 3]))
      #expect(try await desk.outcomes(of: one["MsgSeq"]) == ["cem": "due"])
    }
  }

  @Test("names and cards show, and MsgFlag decides who is pushed")
  func changes() async throws {
    try await Self.run { desk in
      func member(_ name: String, _ change: JSON) async throws -> Int64? {
        var body: JSON = ["GroupId": "hikers", "Member_Account": .string(name)]
        for entry in change.members ?? [] { body = body.setting(entry.key, to: entry.value) }
        return try await desk.code("modify_group_member_info", body)
      }
      #expect(
        try await desk.code("modify_group_base_info", ["GroupId": "hikers", "Name": "Walkers"])
          == 0)
      #expect(try await member("ann", ["NameCard": "Captain"]) == 0)
      for (random, flag, reason) in [
        (1, "AcceptNotNotify", "muted"), (2, "Discard", "rejected"), (3, "AcceptAndNotify", "due"),
      ] {
        #expect(try await member("ben", ["MsgFlag": .string(flag)]) == 0)
        let sent = try await desk.call(
          "send_group_msg", Self.message(["Random": .integer(random)]))
        #expect(try await desk.outcomes(of: sent["MsgSeq"]) == ["ben": reason], "\(flag)")
      }
      let shown: String = try await desk.backend.rig.pool.query(
        "select notification ->> 'text' from notifications_v1.messages order by position desc")[0]
        .get(0)
      #expect(shown == "Captain(Walkers):hi, beauty")
      #expect(try await member("nobody", ["NameCard": "x"]) == 10004)
      #expect(try await member("ben", ["MsgFlag": "Other"]) == 10004)
    }
  }

  @Test("targets, mentions and switches are what they are there")
  func carriesFacts() async throws {
    try await Self.run { desk in
      _ = try await desk.call(
        "add_group_member", ["GroupId": "hikers", "MemberList": [["Member_Account": "cem"]]])
      let sent = try await desk.call(
        "send_group_msg",
        Self.message([
          "To_Account": ["cem"],
          "GroupAtInfo": [
            ["GroupAtAllFlag": 0, "GroupAt_Account": "cem"], ["GroupAtAllFlag": 1],
          ], "MsgPriority": "High", "SendMsgControl": ["NoLastMsg"],
        ]))
      #expect(try await desk.outcomes(of: sent["MsgSeq"]) == ["cem": "due"])
      _ = try await desk.call(
        "send_group_msg", Self.message(["Random": 2, "OnlineOnlyFlag": 1]))
      _ = try await desk.call(
        "send_group_msg", Self.message(["Random": 3, "SendMsgControl": ["NoUnread"]]))
      let messages: [Message] = try await desk.backend.rig.events().compactMap { event in
        if case .messageSent(let message) = try event.event.body() { message } else { nil }
      }
      #expect(messages.map(\.onlineOnly) == [false, true, false])
      #expect(messages.map(\.countsUnread) == [false, true, false])
      #expect(messages[0].mentionsAll && messages[0].mentions.map(\.rawValue) == ["cem"])
    }
  }

  @Test("the same Random and content within five minutes is one message; recalls name it")
  func dropsRepeatsAndRecalls() async throws {
    try await Self.run { desk in
      let first = try await desk.call("send_group_msg", Self.message())
      desk.clock.advance(.seconds(299))
      #expect(try await desk.call("send_group_msg", Self.message()) == first)
      desk.clock.advance(.seconds(2))
      let later = try await desk.call("send_group_msg", Self.message())
      #expect(later["MsgSeq"] != first["MsgSeq"])
      let recall = try await desk.call(
        "group_msg_recall",
        [
          "GroupId": "hikers",
          "MsgSeqList": [
            ["MsgSeq": first["MsgSeq"] ?? 0], ["MsgSeq": 1], ["MsgSeq": 999_999],
          ],
        ])
      #expect(
        recall["RecallRetList"] == [
          ["MsgSeq": first["MsgSeq"] ?? 0, "RetCode": 0], ["MsgSeq": 1, "RetCode": 10030],
          ["MsgSeq": 999_999, "RetCode": 10030],
        ])
      #expect(try await desk.outcomes(of: first["MsgSeq"]) == ["ben": "recalled"])
    }
  }

  @Test("in a meeting nobody is pushed unless they ask; an id is made where none is given")
  func keepsMeetingsQuiet() async throws {
    try await Self.run { desk in
      let made = try await desk.call(
        "create_group",
        ["Type": "Meeting", "Name": "Standup", "MemberList": [["Member_Account": "ben"]]])
      let group = try #require(made["GroupId"])
      #expect(group.string?.hasPrefix("@TGS#") == true)
      _ = try await desk.call(
        "add_group_member", ["GroupId": group, "MemberList": [["Member_Account": "cem"]]])
      let sent = try await desk.call("send_group_msg", Self.message(["GroupId": group]))
      #expect(try await desk.outcomes(of: sent["MsgSeq"]) == ["ben": "muted", "cem": "muted"])
    }
  }

  @Test("every mistake has its code and stores nothing")
  func refuses() async throws {
    let long = JSON.string(String(repeating: "g", count: 49))
    let many = JSON.array((0...100).map { ["Member_Account": .string("u\($0)")] })
    let fat = JSON.string(String(repeating: "x", count: 12_288))
    let cases: [(command: String, body: JSON, code: Int64)] = [
      ("create_group", ["Name": "x"], 10004),
      ("create_group", ["Type": "Odd", "Name": "x"], 10004),
      ("create_group", ["Type": "Public"], 10004),
      ("create_group", ["Type": "Public", "Name": "x", "GroupId": long], 10004),
      ("create_group", ["Type": "Public", "Name": "x", "MemberList": many], 10005),
      ("create_group", ["Type": "Public", "Name": "x", "MemberList": ["ann"]], 10004),
      ("add_group_member", ["GroupId": "hikers"], 10004),
      ("add_group_member", ["GroupId": "none", "MemberList": [["Member_Account": "a"]]], 10010),
      ("add_group_member", ["GroupId": "hikers", "MemberList": many], 10005),
      ("delete_group_member", ["GroupId": "hikers"], 10004),
      ("delete_group_member", ["GroupId": "hikers", "MemberToDel_Account": [7]], 10004),
      ("modify_group_base_info", ["Name": "x"], 10004),
      ("modify_group_base_info", ["GroupId": "none", "Name": "x"], 10010),
      ("modify_group_base_info", ["GroupId": "hikers", "Name": 7], 10004),
      ("modify_group_member_info", ["GroupId": "hikers"], 10004),
      ("send_group_msg", Self.message(["GroupId": "none"]), 10010),
      ("send_group_msg", Self.message(["GroupId": .null]), 10004),
      ("send_group_msg", Self.message(["Random": .null]), 10004),
      ("send_group_msg", Self.message(["MsgBody": []]), 10004),
      ("send_group_msg", Self.message(["MsgBody": [["MsgType": "TIMTextElem"]]]), 10004),
      ("send_group_msg", Self.message(["OfflinePushInfo": 7]), 10004),
      ("send_group_msg", Self.message(["From_Account": 7]), 10004),
      (
        "send_group_msg", Self.message(["To_Account": .array((0...50).map { .string("u\($0)") })]),
        10005
      ),
      ("send_group_msg", Self.message(["GroupAtInfo": [["GroupAtAllFlag": 0]]]), 10004),
      ("send_group_msg", Self.message(["OnlineOnlyFlag": 2]), 10004),
      ("send_group_msg", Self.message(["CloudCustomData": fat]), 80002),
      ("group_msg_recall", ["GroupId": "hikers"], 10004),
      ("group_msg_recall", ["GroupId": "hikers", "MsgSeqList": [[:]]], 10004),
      ("group_msg_recall", ["GroupId": "none", "MsgSeqList": [["MsgSeq": 1]]], 10010),
    ]
    try await Self.run { desk in
      let head = try await desk.backend.rig.head()
      for (command, body, code) in cases {
        let answer = try await desk.call(command, body)
        #expect(
          answer["ErrorCode"] == .integer(code), "\(command) \(body.text.prefix(200)): \(answer)")
        #expect(answer["ActionStatus"] == "FAIL")
      }
      #expect(try await desk.backend.rig.head() == head)
    }
  }
}
