import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

/// What becomes of fields that other tests only send.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct CarryFieldsAsTencent {
  private static func last(
    _ backend: TencentBackend
  ) async throws -> (data: JSON, content: JSON) {
    let event = try #require(try await backend.rig.events().last)
    return (try JSON.parse(event.event.data), try JSON.parse(event.event.content ?? [123, 125]))
  }

  private static func shown(_ backend: TencentBackend) async throws -> [String] {
    let head = try await backend.rig.head()
    _ = try await backend.rig.get("/v1/users/ben/unread?at_least=\(head)")
    return try await backend.rig.pool.query(
      "select notification ->> 'text' from notifications_v1.messages order by position"
    ).map { try $0.get(0) }
  }

  @Test("names come from profile and group, never from a message; Data and a place's Desc stay out")
  func showsOnlyWhatIsToBeShown() async throws {
    try await TencentBackend.run { backend, clock in
      let custom: JSON = [
        "MsgType": "TIMCustomElem",
        "MsgContent": ["Data": "other information", "Desc": "hello", "Ext": "www.qq.com"],
      ]
      let place: JSON = [
        "MsgType": "TIMLocationElem",
        "MsgContent": [
          "Desc": "at home", "Latitude": .number("29.34"), "Longitude": .number("113.42"),
        ],
      ]
      _ = try await backend.call(
        "openim/sendmsg",
        SendAsTencent.message([
          "From_Account": "ann", "MsgBody": [custom, place], "From_Nick": "Fake",
          "sender_name": "Fake",
        ]), at: clock.now)
      #expect(try await Self.shown(backend) == ["hello[location]"])
      let kept = try await Self.last(backend).content
      #expect(kept["elements"]?.array?.first?["MsgContent"]?["Data"] == "other information")
      let notification: String = try await backend.rig.pool.query(
        "select notification::text from notifications_v1.messages")[0].get(0)
      #expect(!notification.contains("other information") && !notification.contains("Fake"))
    }
  }

  @Test("without MsgLifeTime a push is tried for seven days")
  func livesSevenDays() async throws {
    try await TencentBackend.run { backend, clock in
      _ = try await backend.call("openim/sendmsg", SendAsTencent.message(), at: clock.now)
      _ = try await Self.shown(backend)
      let days: Double = try await backend.rig.pool.query(
        """
        select extract(epoch from expires_at - recorded_at)::float8 / 86400
        from notifications_v1.messages
        """)[0].get(0)
      #expect(days == 7)
    }
  }

  @Test("which messages a webhook is told of: not forbidden ones, batches, imports or notices")
  func marksWhatIsNotTold() async throws {
    try await TencentBackend.run { backend, clock in
      let forbid: JSON = ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]
      let group: JSON = ["Type": "Public", "Name": "n", "GroupId": "g1"]
      _ = try await backend.call("group_open_http_svc/create_group", group, at: clock.now)
      func groupMessage(_ more: [JSON.Member]) -> JSON {
        .object(
          [
            .init("GroupId", "g1"), .init("Random", .integer(Int64(more.count) + 5)),
            .init("MsgBody", SendAsTencent.text), .init("CloudCustomData", "cloud"),
          ] + more)
      }
      let cases: [(String, JSON, JSON?)] = [
        ("openim/sendmsg", SendAsTencent.message(), nil),
        (
          "openim/sendmsg",
          SendAsTencent.message(["ForbidCallbackControl": forbid, "MsgRandom": 2]), false
        ),
        (
          "openim/batchsendmsg", SendAsTencent.message(["To_Account": ["ben"], "MsgRandom": 3]),
          false
        ),
        (
          "openim/importmsg",
          SendAsTencent.message([
            "SyncFromOldSystem": 5, "MsgTimeStamp": 1_700_000_000, "CloudCustomData": "cloud",
          ]), false
        ),
        ("group_open_http_svc/send_group_msg", groupMessage([]), nil),
        (
          "group_open_http_svc/send_group_msg",
          groupMessage([.init("ForbidCallbackControl", forbid)]), false
        ),
        (
          "group_open_http_svc/send_group_system_notification",
          ["GroupId": "g1", "Content": "x"], false
        ),
      ]
      for (command, body, expected) in cases {
        let answer = try await backend.call(command, body, at: clock.now)
        #expect(answer["ErrorCode"] == 0)
        let (data, content) = try await Self.last(backend)
        #expect(data["callback"] == expected, "\(command)")
        if body["CloudCustomData"] != nil { #expect(content["cloud_custom_data"] == "cloud") }
        if command.hasSuffix("send_group_msg") {
          #expect(data["from"] == "administrator" && data["by"] == "administrator")
          #expect(answer["MsgDropReason"] == "")
        }
      }
    }
  }

  @Test("members of Private and Community groups are pushed, of ChatRoom and AVChatRoom not")
  func goesByTheKind() async throws {
    try await TencentBackend.run { backend, clock in
      for (kind, expected) in [
        ("Private", "notify"), ("Work", "notify"), ("Public", "notify"), ("Community", "notify"),
        ("ChatRoom", "silent"), ("Meeting", "silent"), ("AVChatRoom", "silent"),
      ] {
        _ = try await backend.call(
          "group_open_http_svc/create_group",
          [
            "Type": .string(kind), "Name": "n", "GroupId": .string(kind),
            "MemberList": [["Member_Account": "ben"]],
          ], at: clock.now)
        _ = try await Self.shown(backend)
        let receive: String = try await backend.rig.pool.query(
          "select receive from pushledger.memberships where group_id = $1", [kind])[0].get(0)
        #expect(receive == expected, "\(kind)")
      }
      // The kind that was named last counts for who joins from then on.
      _ = try await backend.call(
        "group_open_http_svc/create_group",
        ["Type": "Meeting", "Name": "n", "GroupId": "Public"], at: clock.now)
      _ = try await backend.call(
        "group_open_http_svc/add_group_member",
        ["GroupId": "Public", "MemberList": [["Member_Account": "cho"]]], at: clock.now)
      #expect(try await Self.last(backend).data["receive"] == "silent")
    }
  }

  @Test("a recall has no time limit, takes ten at once, and may come twice")
  func recalls() async throws {
    try await TencentBackend.run { backend, clock in
      let sent = try await backend.call(
        "openim/sendmsg", SendAsTencent.message(["From_Account": "ann"]), at: clock.now)
      clock.advance(.seconds(400 * 86_400))
      let recall: JSON = [
        "From_Account": "ann", "To_Account": "ben", "MsgKey": sent["MsgKey"] ?? .null,
      ]
      #expect(
        try await backend.call("openim/admin_msgwithdraw", recall, at: clock.now)["ErrorCode"] == 0)
      _ = try await backend.call(
        "group_open_http_svc/create_group",
        ["Type": "Public", "Name": "n", "GroupId": "g1"], at: clock.now)
      let message: JSON = ["GroupId": "g1", "Random": 5, "MsgBody": SendAsTencent.text]
      let group = try await backend.call(
        "group_open_http_svc/send_group_msg", message, at: clock.now)
      let sequence: JSON = ["MsgSeq": group["MsgSeq"] ?? .null]
      for _ in 0..<2 {
        let answer = try await backend.call(
          "group_open_http_svc/group_msg_recall",
          ["GroupId": "g1", "MsgSeqList": [sequence]], at: clock.now)
        #expect(answer["RecallRetList"]?.array?.first?["RetCode"] == 0)
      }
      let many = JSON.array((0...10).map { _ in sequence })
      let refused = try await backend.call(
        "group_open_http_svc/group_msg_recall", ["GroupId": "g1", "MsgSeqList": many],
        at: clock.now)
      #expect(refused["ErrorCode"] == 10004)
    }
  }

  @Test("two messages with the same MsgSeq and MsgRandom in one second are two, recalled together")
  func tellsContentsApart() async throws {
    try await TencentBackend.run { backend, clock in
      var keys: [JSON?] = []
      for text in ["a", "b", "a"] {
        let body: JSON = [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]
        keys.append(
          try await backend.call(
            "openim/sendmsg",
            SendAsTencent.message(["From_Account": "ann", "MsgSeq": 5, "MsgBody": body]),
            at: clock.now)["MsgKey"])
      }
      #expect(Set(keys.map { $0?.string }).count == 1)
      func unread() async throws -> JSON? {
        try await backend.call(
          "openim/get_c2c_unread_msg_num", ["To_Account": "ben"], at: clock.now
        )["AllC2CUnreadMsgNum"]
      }
      #expect(try await unread() == 2)
      let recall: JSON = [
        "From_Account": "ann", "To_Account": "ben", "MsgKey": keys[0] ?? .null,
      ]
      _ = try await backend.call("openim/admin_msgwithdraw", recall, at: clock.now)
      #expect(try await unread() == 0)
      let again = try await backend.call("openim/admin_msgwithdraw", recall, at: clock.now)
      #expect(again["ErrorCode"] == 20023)
    }
  }

  @Test("a group made again knows no message of the one that was dissolved")
  func forgetsTheDissolved() async throws {
    try await TencentBackend.run { backend, clock in
      let make: JSON = ["Type": "Public", "Name": "n", "GroupId": "g1"]
      let message: JSON = ["GroupId": "g1", "Random": 5, "MsgBody": SendAsTencent.text]
      func call(_ command: String, _ body: JSON) async throws -> JSON {
        try await backend.call("group_open_http_svc/" + command, body, at: clock.now)
      }
      _ = try await call("create_group", make)
      let first = try await call("send_group_msg", message)["MsgSeq"]
      #expect(try await call("send_group_msg", message)["MsgSeq"] == first)
      _ = try await call("destroy_group", ["GroupId": "g1"])
      _ = try await call("create_group", make)
      let second = try await call("send_group_msg", message)["MsgSeq"]
      #expect(second != nil && second != first)
      let ids = try await backend.rig.events().filter { $0.event.type == .messageSent }
        .map(\.event.stream)
      #expect(Set(ids).count == 2, "in the same second, too")
    }
  }

  @Test("an account that was only ever a member of a group can be deleted")
  func deletesMembers() async throws {
    try await TencentBackend.run { backend, clock in
      _ = try await backend.call(
        "group_open_http_svc/create_group",
        [
          "Type": "Public", "Name": "n", "GroupId": "g1", "MemberList": [["Member_Account": "mem"]],
        ],
        at: clock.now)
      let answer = try await backend.call(
        "im_open_login_svc/account_delete", ["DeleteItem": [["UserID": "mem"], ["UserID": "no"]]],
        at: clock.now)
      let codes = answer["ResultItem"]?.array?.map { $0["ResultCode"] }
      #expect(codes == [0, 70107])
      let members = try await backend.call(
        "group_open_http_svc/get_group_member_info", ["GroupId": "g1"], at: clock.now)
      #expect(members["MemberList"] == [])
    }
  }

  @Test("tags are told apart byte by byte, and a user has a hundred at most")
  func comparesTags() async throws {
    try await TencentBackend.run { backend, clock in
      let service = "all_member_push/"
      func add(_ tags: [JSON]) async throws {
        let answer = try await backend.call(
          service + "im_add_tag", ["UserTags": [["To_Account": "ann", "Tags": .array(tags)]]],
          at: clock.now)
        #expect(answer["ErrorCode"] == 0)
      }
      func tags() async throws -> [JSON] {
        try await backend.call(service + "im_get_tag", ["To_Account": ["ann"]], at: clock.now)[
          "UserTags"]?.array?.first?["Tags"]?.array ?? []
      }
      try await add(["caf\u{E9}", "cafe\u{301}"])
      #expect(try await tags().count == 2)
      for batch in 0..<11 {
        try await add((0..<10).map { .string("t\(batch)-\($0)") })
      }
      #expect(try await tags().count == Limits.tagsPerUser)
    }
  }

  @Test("a batch that comes again answers the key it was sent with, and only that can be recalled")
  func answersTheFirstKey() async throws {
    try await TencentBackend.run { backend, clock in
      let batch = SendAsTencent.message([
        "From_Account": "ann", "To_Account": ["ben", "cho"], "MsgSeq": 7,
      ])
      func send() async throws -> JSON? {
        try await backend.call("openim/batchsendmsg", batch, at: clock.now)["MsgKey"]
      }
      let first = try await send()
      for _ in 0..<3 {
        clock.advance(.seconds(30))
        #expect(try await send() == first)
      }
      #expect(try await backend.rig.head() == 2)
      let recalled = try await backend.call(
        "openim/admin_msgwithdraw",
        ["From_Account": "ann", "To_Account": "cho", "MsgKey": first ?? .null], at: clock.now)
      #expect(recalled["ErrorCode"] == 0)
    }
  }

  @Test("badge numbers out of their range, and other fields of OfflinePushInfo of a wrong type")
  func checksOfflinePush() async throws {
    try await TencentBackend.run { backend, clock in
      for info in [
        ["BadgeSetNum": 1_000], ["BadgeSetNum": -1], ["BadgeAddNum": 0], ["BadgeAddNum": 100],
        ["AndroidInfo": "x"], ["AndroidInfo": ["PushStyle": "x"]],
        ["AndroidInfo": ["OPPOPrivateTitleParameters": []]], ["HarmonyInfo": ["SoundDuration": []]],
        ["MultiLanguageContent": [:]], ["PushTemplateParam": "x"],
        ["ApnsInfo": ["ContentAvailable": "x"]], ["ApnsInfo": ["LiveActivity": 1]],
      ] as [JSON] {
        let answer = try await backend.call(
          "openim/sendmsg", SendAsTencent.message(["OfflinePushInfo": info]), at: clock.now)
        #expect(answer["ErrorCode"] == 90043, "\(info)")
      }
      #expect(try await backend.rig.head() == 0)
      let whole: JSON = [
        "BadgeSetNum": 999, "BadgeAddNum": 99, "PushTemplateId": "1400000000-1",
        "MultiLanguageContent": [["Language": "de", "Title": "T", "Desc": "D"]],
        "AndroidInfo": ["VIVONotifyType": "4", "HuaWeiCategory": "IM"],
        "HarmonyInfo": ["Title": "t"], "ApnsInfo": ["IsVoipPush": 0],
      ]
      _ = try await backend.call(
        "openim/sendmsg", SendAsTencent.message(["OfflinePushInfo": whole]), at: clock.now)
      #expect(try await Self.last(backend).content["offline_push"] == whole, "kept whole")
    }
  }

  @Test("im_push carries From_Account and OfflinePushInfo; its report is known under the old name")
  func pushesWithAll() async throws {
    try await TencentBackend.run { backend, clock in
      let task = try await backend.call(
        "all_member_push/im_push",
        SendAsTencent.message(["From_Account": "news", "OfflinePushInfo": ["Desc": "d"]]),
        at: clock.now)["TaskId"]
      let (data, content) = try await Self.last(backend)
      #expect(data["from"] == "news" && content["offline_push"] == ["Desc": "d"])
      let report = try await backend.call(
        "openim/im_get_push_report", ["TaskIds": [task ?? .null]], at: clock.now)
      #expect(report["Reports"]?.array?.first?["TaskId"] == task)
    }
  }

  @Test("who cannot be named stands in the ErrorList of get_c2c_unread_msg_num")
  func namesWhoIsWrong() async throws {
    try await TencentBackend.run { backend, clock in
      let answer = try await backend.call(
        "openim/get_c2c_unread_msg_num",
        ["To_Account": "ben", "Peer_Account": ["ann", "", 7]], at: clock.now)
      #expect(answer["ErrorCode"] == 0)
      #expect(
        answer["ErrorList"] == [
          ["Peer_Account": "", "ErrorCode": 90003], ["Peer_Account": 7, "ErrorCode": 90003],
        ])
      #expect(answer["C2CUnreadMsgNumList"]?.array?.count == 1)
    }
  }
}
