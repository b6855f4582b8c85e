import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct KeepGroupsAsTencent {
  private struct Desk {
    let backend: TencentBackend
    let clock: TestClock

    func call(_ command: String, _ body: JSON) async throws -> JSON {
      try await backend.call("group_open_http_svc/" + command, body, at: clock.now)
    }

    func code(_ command: String, _ body: JSON) async throws -> Int64? {
      try await call(command, body)["ErrorCode"]?.integer
    }

    func create(
      _ group: String, _ kind: String, _ name: String, _ members: [String], owner: JSON = .null
    ) async throws {
      let list = members.map { JSON.object([.init("Member_Account", .string($0))]) }
      let body: JSON = [
        "GroupId": .string(group), "Type": .string(kind), "Name": .string(name),
        "Owner_Account": owner, "MemberList": .array(list),
      ]
      #expect(try await code("create_group", body) == 0, "\(group)")
    }

    func send(_ random: Int, to group: String = "hikers") async throws {
      let message: JSON = [
        "GroupId": .string(group), "From_Account": "ann", "Random": .integer(random),
        "MsgBody": SendAsTencent.text,
      ]
      #expect(try await code("send_group_msg", message) == 0)
    }

    /// `get_group_info`: id, code, type, name, owner and how many members of each.
    func groups(_ names: JSON...) async throws -> [String] {
      let answer = try await call("get_group_info", ["GroupIdList": .array(names)])
      #expect(answer["ErrorCode"] == 0)
      return Self.lines(
        answer["GroupInfo"], "GroupId", "ErrorCode", "Type", "Name", "Owner_Account", "MemberNum")
    }

    /// Who is in a group, each with one of the fields, such as `ann Owner`.
    func members(_ field: String = "Role", of group: String = "hikers") async throws -> [String] {
      let answer = try await call("get_group_member_info", ["GroupId": .string(group)])
      return Self.lines(answer["MemberList"], "Member_Account", field)
    }

    /// The entries of a list, of each some fields; `-` for one that it lacks.
    static func lines(_ list: JSON?, _ fields: String...) -> [String] {
      (list?.array ?? []).map { entry in
        fields.map { entry[$0]?.string ?? entry[$0]?.text ?? "-" }.joined(separator: " ")
      }
    }

    /// How much of a group a user has not read, once all that is stored shows.
    func unread(_ user: String, _ group: String = "hikers") async throws -> Int64 {
      let head = try await backend.rig.head()
      let report = try await backend.rig.get("/v1/users/\(user)/unread?at_least=\(head)")
      #expect(report.status == 200)
      let conversations = report.json["conversations"]?.array ?? []
      let found = conversations.first { $0["conversation"]?["group"]?.string == group }
      return found?["unread"]?.integer ?? 0
    }

    /// For whom the last kept message was decided, each with its reason or status.
    func outcomes() async throws -> [String] {
      _ = try await unread("ben")
      let rows = try await backend.rig.pool.query(
        """
        select user_id || ' ' || coalesce(reason, status) from notifications_v1.deliveries
        where position = (select max(position) from notifications_v1.messages) order by user_id
        """)
      return try rows.map { try $0.get(0, as: String.self) }
    }
  }

  /// Every command about one group, with all that it needs.
  private static func commands(on group: JSON) -> [(command: String, body: JSON)] {
    [
      ("destroy_group", ["GroupId": group]),
      ("modify_group_base_info", ["GroupId": group, "Name": "x"]),
      ("change_group_owner", ["GroupId": group, "NewOwner_Account": "ben"]),
      ("add_group_member", ["GroupId": group, "MemberList": [["Member_Account": "cem"]]]),
      ("delete_group_member", ["GroupId": group, "MemberToDel_Account": ["ben"]]),
      ("modify_group_member_info", ["GroupId": group, "Member_Account": "ben", "NameCard": "x"]),
      ("get_group_member_info", ["GroupId": group]),
      ("set_unread_msg_num", ["GroupId": group, "Member_Account": "ben", "UnreadMsgNum": 0]),
      ("send_group_msg", ["GroupId": group, "Random": 7, "MsgBody": SendAsTencent.text]),
      ("send_group_system_notification", ["GroupId": group, "Content": "x"]),
      ("group_msg_recall", ["GroupId": group, "MsgSeqList": [["MsgSeq": 1]]]),
    ]
  }

  /// `ann` owns the group `hikers`, `ben` is in it, and `cem` is there.
  private static func run(_ body: @escaping @Sendable (Desk) async throws -> Void) async throws {
    try await TencentBackend.run { backend, clock in
      for user in ["ann", "ben", "cem"] {
        _ = try await backend.rig.put(
          "/v1/users/\(user)/devices/phone",
          [
            "platform": "ios", "provider": "apns", "topic": "t",
            "token": .string("aa\(user.utf8.map { String($0, radix: 16) }.joined())"),
          ])
      }
      let desk = Desk(backend: backend, clock: clock)
      try await desk.create("hikers", "Public", "Hiking club", ["ben", "ann"], owner: "ann")
      try await body(desk)
    }
  }

  @Test("create_group and import_group keep type, name and owner, and the owner is a member")
  func creates() async throws {
    try await Self.run { desk in
      #expect(try await desk.groups("hikers") == ["hikers 0 Public Hiking club ann 2"])
      #expect(try await desk.members() == ["ann Owner", "ben Member"])
      let old: JSON = ["GroupId": "old", "Type": "Work", "Name": "Team", "Owner_Account": "cem"]
      let imported = try await desk.call("import_group", old)
      #expect(imported["ErrorCode"] == 0)
      #expect(imported["GroupId"] == "old")
      #expect(try await desk.groups("old") == ["old 0 Work Team cem 1"])
      #expect(try await desk.members(of: "old") == ["cem Owner"])
      try await desk.send(1, to: "old")
      #expect(try await desk.outcomes() == ["cem due"])
      let nameless = try await desk.call("import_group", ["Type": "Public", "Name": "Any"])
      let made = try #require(nameless["GroupId"]?.string)
      #expect(made.hasPrefix("@TGS#"))
      #expect(try await desk.groups(.string(made)) == ["\(made) 0 Public Any  0"])
    }
  }

  @Test("a dissolved group is gone for every command, and made again it has its new members only")
  func dissolves() async throws {
    try await Self.run { desk in
      try await desk.send(1)
      #expect(try await desk.unread("ben") == 1)
      #expect(try await desk.code("destroy_group", ["GroupId": "hikers"]) == 0)
      let head = try await desk.backend.rig.head()
      for (command, body) in Self.commands(on: "hikers") {
        #expect(try await desk.code(command, body) == 10010, "\(command)")
      }
      #expect(try await desk.backend.rig.head() == head)
      #expect(try await desk.groups("hikers") == ["hikers 10010 - - - -"])
      #expect(try await desk.unread("ben") == 0)
      let joined = try await desk.call("get_joined_group_list", ["Member_Account": "ben"])
      #expect(joined["TotalCount"] == 0)
      try await desk.create("hikers", "Meeting", "Walkers", ["cem"])
      #expect(try await desk.groups("hikers") == ["hikers 0 Meeting Walkers  1"], "no owner")
      #expect(try await desk.members("MsgFlag") == ["cem AcceptNotNotify"])
      try await desk.send(2)
      #expect(try await desk.outcomes() == ["cem muted"])
    }
  }

  @Test("change_group_owner: a member becomes the owner, nobody else can")
  func changesOwners() async throws {
    try await Self.run { desk in
      func change(to user: JSON) async throws -> Int64? {
        try await desk.code("change_group_owner", ["GroupId": "hikers", "NewOwner_Account": user])
      }
      let changed = try await change(to: "ben")
      #expect(changed == 0)
      #expect(try await desk.members() == ["ann Member", "ben Owner"])
      #expect(try await change(to: "cem") == 10004)
      #expect(try await desk.groups("hikers") == ["hikers 0 Public Hiking club ben 2"])
    }
  }

  @Test("get_group_info tells of each group in the order asked, and which there are not")
  func describesGroups() async throws {
    try await Self.run { desk in
      try await desk.create("readers", "Meeting", "Book club", ["ann", "ben"], owner: "cem")
      let change: JSON = ["GroupId": "hikers", "Name": "Walkers"]
      #expect(try await desk.code("modify_group_base_info", change) == 0)
      #expect(
        try await desk.groups("readers", "none", "hikers", 7) == [
          "readers 0 Meeting Book club cem 3", "none 10010 - - - -",
          "hikers 0 Public Walkers ann 2", "7 10010 - - - -",
        ])
      let most = JSON.array((0..<50).map { .string("g\($0)") })
      #expect(try await desk.code("get_group_info", ["GroupIdList": most]) == 0)
    }
  }

  @Test("get_group_member_info tells role, flag and card of each member, in pages")
  func listsMembers() async throws {
    try await Self.run { desk in
      let added: JSON = [["Member_Account": "cem"], ["Member_Account": "dan"]]
      _ = try await desk.call("add_group_member", ["GroupId": "hikers", "MemberList": added])
      for (user, name, value) in [
        ("ben", "MsgFlag", "AcceptNotNotify"), ("cem", "MsgFlag", "Discard"),
        ("cem", "NameCard", "Third"), ("dan", "MsgFlag", "Discard"),
        ("dan", "MsgFlag", "AcceptAndNotify"),
      ] {
        var body: JSON = ["GroupId": "hikers", "Member_Account": .string(user)]
        body = body.setting(name, to: .string(value))
        #expect(try await desk.code("modify_group_member_info", body) == 0)
      }
      let all = try await desk.call("get_group_member_info", ["GroupId": "hikers"])
      #expect(all["MemberNum"] == 4)
      #expect(
        Desk.lines(all["MemberList"], "Member_Account", "Role", "MsgFlag", "NameCard") == [
          "ann Owner AcceptAndNotify ", "ben Member AcceptNotNotify ", "cem Member Discard Third",
          "dan Member AcceptAndNotify ",
        ])
      let pages: [(limit: JSON, skipped: JSON, names: [String])] = [
        (2, 0, ["ann", "ben"]), (2, 2, ["cem", "dan"]), (3, 1, ["ben", "cem", "dan"]),
        ("1", "3", ["dan"]), (2, 4, []),
      ]
      for (limit, skipped, names) in pages {
        let page = try await desk.call(
          "get_group_member_info", ["GroupId": "hikers", "Limit": limit, "Offset": skipped])
        #expect(Desk.lines(page["MemberList"], "Member_Account") == names)
        #expect(page["MemberNum"] == 4)
      }
    }
  }

  /// Three groups that `ben` is in, and one that he is not.
  private static func join(_ desk: Desk) async throws {
    try await desk.create("alpha", "Work", "A", ["ben"])
    try await desk.create("beta", "Meeting", "B", ["ben", "cem"])
    try await desk.create("gamma", "Work", "C", ["ben"])
    try await desk.create("other", "Work", "D", ["cem"])
  }

  @Test("get_joined_group_list: a user's groups in pages, how many they are, and those of a type")
  func listsJoinedGroups() async throws {
    try await Self.run { desk in
      try await Self.join(desk)
      func joined(_ more: KeyValuePairs<String, JSON> = [:]) async throws -> JSON {
        var body: JSON = ["Member_Account": "ben"]
        for (name, value) in more { body = body.setting(name, to: value) }
        return try await desk.call("get_joined_group_list", body)
      }
      let all = try await joined()
      #expect(all["TotalCount"] == 4)
      #expect(
        Desk.lines(all["GroupIdList"], "GroupId", "Type", "Name", "MemberNum") == [
          "alpha Work A 1", "beta Meeting B 2", "gamma Work C 1", "hikers Public Hiking club 2",
        ])
      let pages: [(skipped: Int, names: [String])] = [
        (0, ["alpha", "beta", "gamma"]), (3, ["hikers"]), (4, []),
      ]
      for (skipped, names) in pages {
        let page = try await joined(["Limit": 3, "Offset": .integer(skipped)])
        #expect(Desk.lines(page["GroupIdList"], "GroupId") == names)
        #expect(page["TotalCount"] == 4)
      }
      let work = try await joined(["GroupType": "Work"])
      #expect(Desk.lines(work["GroupIdList"], "GroupId") == ["alpha", "gamma"])
      _ = try await desk.call(
        "delete_group_member", ["GroupId": "alpha", "MemberToDel_Account": ["ben"]])
      #expect(try await joined()["TotalCount"] == 3)
    }
  }

  @Test("get_joined_group_list: TotalCount and pages are those of the GroupType asked for")
  func countsJoinedGroupsOfAType() async throws {
    try await Self.run { desk in
      try await Self.join(desk)
      let second = try await desk.call(
        "get_joined_group_list",
        ["Member_Account": "ben", "GroupType": "Work", "Limit": 1, "Offset": 1])
      #expect(Desk.lines(second["GroupIdList"], "GroupId") == ["gamma"])
      #expect(second["TotalCount"] == 2)
    }
  }

  @Test("set_unread_msg_num: the count becomes the number, and never more than the messages")
  func setsUnread() async throws {
    try await Self.run { desk in
      func change(to unread: Int, in group: JSON = "hikers") async throws -> Int64? {
        try await desk.code(
          "set_unread_msg_num",
          ["GroupId": group, "Member_Account": "ben", "UnreadMsgNum": .integer(unread)])
      }
      for random in 1...3 { try await desk.send(random) }
      #expect(try await desk.unread("ben") == 3)
      for (number, unread) in [(1, 1), (0, 0), (99, 3), (2, 2)] as [(Int, Int64)] {
        #expect(try await change(to: number) == 0)
        #expect(try await desk.unread("ben") == unread, "\(number)")
      }
      try await desk.send(4)
      #expect(try await desk.unread("ben") == 3)
      for kind in ["Meeting", "AVChatRoom"] {
        try await desk.create(kind, kind, "Quiet", ["ben"])
        for random in 5...6 { try await desk.send(random, to: kind) }
        let before = try await desk.unread("ben", kind)
        #expect(try await change(to: 1, in: .string(kind)) == 0)
        #expect(try await desk.unread("ben", kind) == before, "there it has no effect")
      }
    }
  }

  @Test("a system notification is for who is online: told, not pushed and not counted")
  func notifies() async throws {
    try await Self.run { desk in
      let many = JSON.array((0..<500).map { .string("u\($0)") })
      let given: [JSON] = [.null, ["ben"], many]
      for targets in given {
        let body: JSON = ["GroupId": "hikers", "Content": "Hello", "ToMembers_Account": targets]
        #expect(try await desk.code("send_group_system_notification", body) == 0)
      }
      let sent = try await desk.backend.rig.events().filter { $0.event.type == .messageSent }
      let facts = try sent.map { try JSON.parse($0.event.data) }
      #expect(facts.map { $0["targets"] ?? JSON.null } == given)
      for (fact, event) in zip(facts, sent) {
        #expect(fact["conversation"] == ["group": "hikers"])
        #expect(fact["from"] == "administrator")
        #expect(fact["online_only"] == true)
        #expect(fact["push"] == false)
        let content = try JSON.parse(try #require(event.event.content))
        let element = content["elements"]?.array?.first
        #expect(element?["MsgType"] == "TIMGroupSystemNoticeElem")
        #expect(element?["MsgContent"] == ["UserDefinedField": "Hello"])
      }
      // A message counts and is pushed.
      let sql = "select count(*) from dispatch.due"
      for expected in 0...1 as ClosedRange<Int64> {
        #expect(try await desk.unread("ben") == expected)
        let due: Int64 = try await desk.backend.rig.pool.query(sql)[0].get(0)
        #expect(due == expected)
        try await desk.send(Int(expected))
      }
    }
  }

  @Test("every mistake has its code and stores nothing")
  func refuses() async throws {
    let long = JSON.string(String(repeating: "x", count: 33))
    let names = JSON.array((0...500).map { .string("u\($0)") })
    let groups = JSON.array((0...50).map { .string("g\($0)") })
    let made: JSON = ["GroupId": "new", "Type": "Public", "Name": "New"]
    let unread: JSON = ["GroupId": "hikers", "Member_Account": "ben", "UnreadMsgNum": 1]
    let notice: JSON = ["GroupId": "hikers", "Content": "x"]
    let cases: [(command: String, whole: JSON, field: String, bad: [JSON], code: Int64)] = [
      ("create_group", made, "Owner_Account", [7, long], 10004),
      ("import_group", made, "Type", [.null, "Odd"], 10004),
      ("import_group", made, "Name", [.null, "", 7], 10004),
      ("change_group_owner", unread, "NewOwner_Account", [.null, 7, "cem"], 10004),
      ("get_group_info", [:], "GroupIdList", [.null, [], "hikers", groups], 10004),
      ("get_group_member_info", unread, "Limit", [-1, "x"], 10004),
      ("get_group_member_info", unread, "Offset", [-1, 1_000_001], 10004),
      ("get_joined_group_list", [:], "Member_Account", [.null, 7, long], 10004),
      ("get_joined_group_list", unread, "GroupType", [7], 10004),
      ("get_joined_group_list", unread, "Limit", [-1], 10004),
      ("set_unread_msg_num", unread, "Member_Account", [.null, long], 10004),
      ("set_unread_msg_num", unread, "UnreadMsgNum", [.null, -1, "x"], 10004),
      ("send_group_system_notification", notice, "Content", [.null, "", 7], 10004),
      ("send_group_system_notification", notice, "ToMembers_Account", ["ben", [7]], 10004),
      ("send_group_system_notification", notice, "ToMembers_Account", [names], 10005),
    ]
    try await Self.run { desk in
      let head = try await desk.backend.rig.head()
      for (command, whole, field, bad, code) in cases {
        for value in bad {
          let answer = try await desk.call(command, whole.setting(field, to: value))
          #expect(answer["ErrorCode"] == .integer(code), "\(command) \(field) \(value.kind)")
          #expect(answer["ActionStatus"] == "FAIL")
        }
      }
      for (name, code) in [("none", 10010), (.null, 10004), (7, 10004)] as [(JSON, Int64)] {
        for (command, body) in Self.commands(on: name) {
          #expect(try await desk.code(command, body) == code, "\(command) \(name.kind)")
        }
      }
      #expect(try await desk.backend.rig.head() == head)
    }
  }
}
