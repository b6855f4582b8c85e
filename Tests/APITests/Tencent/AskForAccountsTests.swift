import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct AskForAccounts {
  private static let login = "im_open_login_svc/"
  private static let groups = "group_open_http_svc/"

  private struct Desk {
    let backend: TencentBackend
    let clock: TestClock

    func call(_ command: String, _ body: JSON) async throws -> JSON {
      try await backend.call(command, body, at: clock.now)
    }

    func importAccount(_ user: String, nickname: JSON = .null) async throws {
      let answer = try await call(
        AskForAccounts.login + "account_import", ["UserID": .string(user), "Nick": nickname])
      #expect(answer["ErrorCode"] == 0)
    }

    /// `account_check`: what it says of one account.
    func check(_ user: String) async throws -> String? {
      let answer = try await call(
        AskForAccounts.login + "account_check", ["CheckItem": [["UserID": .string(user)]]])
      return answer["ResultItem"]?.array?.first?["AccountStatus"]?.string
    }

    /// A device with a token, of which nothing was heard yet.
    func register(_ user: String, _ device: String, _ platform: String) async throws {
      let provider = platform == "android" ? "fcm" : "apns"
      let answer = try await backend.rig.put(
        "/v1/users/\(user)/devices/\(device)",
        [
          "platform": .string(platform), "provider": .string(provider), "topic": "t",
          "token": .string(Hex.encode("\(user)-\(device)".utf8)),
        ])
      #expect(answer.status == 202)
    }

    /// A device of which an event tells.
    func tell(
      _ type: String, _ user: String, _ device: String, _ platform: String? = nil
    ) async throws {
      let data = JSON.object(present: [
        ("user", .string(user)), ("device", .string(device)),
        ("platform", platform.map { .string($0) }),
      ])
      let answer = try await backend.rig.post(
        "/v1/events", ["type": .string(type), "data": data])
      #expect(answer.status == 202)
    }

    /// A user's devices, such as `phone killed`, once all that is stored shows.
    func devices(of user: String) async throws -> [String] {
      let head = try await backend.rig.head()
      let report = try await backend.rig.get("/v1/users/\(user)/devices?at_least=\(head)")
      #expect(report.status == 200)
      return AskForAccounts.lines(report.json["devices"], "device", "state")
    }

    /// `query_online_status`: what it says of one user; nil where there is no such account.
    func state(of user: String) async throws -> String? {
      let answer = try await call(
        "openim/query_online_status", ["To_Account": [.string(user)]])
      return answer["QueryResult"]?.array?.first?["Status"]?.string
    }
  }

  private static func run(_ body: @escaping @Sendable (Desk) async throws -> Void) async throws {
    try await TencentBackend.run { backend, clock in
      try await body(Desk(backend: backend, clock: clock))
    }
  }

  /// The entries of a list, of each some fields; `-` for one that it lacks.
  private static func lines(_ list: JSON?, _ fields: String...) -> [String] {
    (list?.array ?? []).map { entry in
      fields.map { entry[$0]?.string ?? entry[$0]?.text ?? "-" }.joined(separator: " ")
    }
  }

  @Test("account_check: who was imported, who was not, and who cannot be named")
  func checksAccounts() async throws {
    try await Self.run { desk in
      try await desk.importAccount("ann")
      let long = String(repeating: "x", count: 33)
      let items: JSON = [
        ["UserID": "ben"], ["UserID": "ann"], ["UserID": .string(long)], ["Other": "ann"],
      ]
      let answer = try await desk.call(Self.login + "account_check", ["CheckItem": items])
      #expect(answer["ErrorCode"] == 0)
      #expect(
        Self.lines(answer["ResultItem"], "UserID", "ResultCode", "AccountStatus") == [
          "ben 0 NotImported", "ann 0 Imported", "\(long) 70402 NotImported",
          "null 70402 NotImported",
        ])
    }
  }

  @Test("account_delete: devices and memberships go, and an import brings the account back")
  func deletesAccounts() async throws {
    try await Self.run { desk in
      try await desk.importAccount("ann", nickname: "Ann")
      try await desk.register("ann", "phone", "ios")
      try await desk.register("ann", "tablet", "ipad")
      for (group, kind) in [("hikers", "Public"), ("readers", "Work")] {
        _ = try await desk.call(
          Self.groups + "create_group",
          [
            "GroupId": .string(group), "Type": .string(kind), "Name": "G",
            "MemberList": [["Member_Account": "ann"], ["Member_Account": "ben"]],
          ])
      }
      _ = try await desk.call(
        "openim/sendmsg", SendAsTencent.message(["From_Account": "ben", "To_Account": "ann"]))
      func due() async throws -> Int64 {
        let sql = "select count(*) from dispatch.due"
        return try await desk.backend.rig.pool.query(sql)[0].get(0)
      }
      func members(of group: String) async throws -> [String] {
        let answer = try await desk.call(
          Self.groups + "get_group_member_info", ["GroupId": .string(group)])
        return Self.lines(answer["MemberList"], "Member_Account")
      }
      #expect(try await desk.devices(of: "ann") == ["phone -", "tablet -"])
      #expect(try await due() == 2)
      #expect(try await members(of: "hikers") == ["ann", "ben"])
      #expect(try await desk.check("ann") == "Imported")

      let body: JSON = ["DeleteItem": [["UserID": "ann"], ["UserID": "nobody"]]]
      let answer = try await desk.call(Self.login + "account_delete", body)
      #expect(answer["ErrorCode"] == 0)
      #expect(
        Self.lines(answer["ResultItem"], "UserID", "ResultCode") == ["ann 0", "nobody 70107"])
      #expect(try await desk.devices(of: "ann") == [])
      #expect(try await due() == 0)
      #expect(try await members(of: "hikers") == ["ben"])
      #expect(try await members(of: "readers") == ["ben"])
      #expect(try await desk.check("ann") == "NotImported")
      #expect(try await desk.state(of: "ann") == nil)
      let again = try await desk.call(Self.login + "account_delete", body)
      #expect(
        Self.lines(again["ResultItem"], "UserID", "ResultCode") == ["ann 70107", "nobody 70107"])

      try await desk.importAccount("ann")
      #expect(try await desk.check("ann") == "Imported")
      #expect(try await desk.state(of: "ann") == "Offline")
      let portrait = try await desk.call(
        "profile/portrait_get", ["To_Account": ["ann"], "TagList": ["Tag_Profile_IM_Nick"]])
      #expect(portrait["UserProfileItem"]?.array?.first?["ProfileItem"] == [])
      #expect(try await members(of: "hikers") == ["ben"])
    }
  }

  @Test("kick: all devices that are logged in are logged out, by an event that says why")
  func kicksOut() async throws {
    try await Self.run { desk in
      for device in ["phone", "old", "tablet"] { try await desk.register("ann", device, "ios") }
      try await desk.register("ben", "phone", "android")
      try await desk.tell("device.logged_out", "ann", "old")
      try await desk.tell("device.foregrounded", "ann", "tablet")
      #expect(
        try await desk.devices(of: "ann") == ["old logged_out", "phone -", "tablet foreground"])
      let before = try await desk.backend.rig.head()
      let answer = try await desk.call(Self.login + "kick", ["UserID": "ann"])
      #expect(answer == ["ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0])
      let kicks = try await desk.backend.rig.events().filter { $0.position > before }
      #expect(kicks.map { $0.event.stream.rawValue } == ["device/ann/phone", "device/ann/tablet"])
      for kick in kicks {
        #expect(kick.event.type == .deviceLoggedOut)
        #expect(try JSON.parse(kick.event.data)["reason"] == "kicked")
      }
      #expect(
        try await desk.devices(of: "ann") == [
          "old logged_out", "phone logged_out", "tablet logged_out",
        ])
      #expect(try await desk.state(of: "ann") == "Offline")
      #expect(try await desk.devices(of: "ben") == ["phone -"])
      let after = try await desk.backend.rig.head()
      _ = try await desk.call(Self.login + "kick", ["UserID": "ann"])
      #expect(try await desk.backend.rig.head() == after, "there is nobody left to kick")
      _ = try await desk.call(Self.login + "kick", ["Identifier": "ben"])
      #expect(try await desk.devices(of: "ben") == ["phone logged_out"])
    }
  }

  @Test("a user is Online with the app open, PushOnline with a closed phone, Offline otherwise")
  func tellsStates() async throws {
    try await Self.run { desk in
      for (user, platform) in [
        ("amy", "ios"), ("bob", "android"), ("cho", "ios"), ("dee", "ipad"), ("eve", "android"),
        ("fay", "harmony"),
      ] {
        try await desk.register(user, "phone", platform)
      }
      for (user, platform) in [("gus", "windows"), ("hal", "mac"), ("ivy", "web")] {
        try await desk.tell("device.logged_in", user, "desk", platform)
      }
      try await desk.importAccount("jon")
      try await desk.tell("device.foregrounded", "amy", "phone")
      try await desk.tell("device.backgrounded", "bob", "phone")
      try await desk.tell("device.killed", "cho", "phone")
      try await desk.tell("device.logged_out", "eve", "phone")
      try await desk.tell("device.offline", "fay", "phone")
      try await desk.tell("device.backgrounded", "gus", "desk")
      try await desk.tell("device.killed", "hal", "desk")
      let expected = [
        "amy Online", "bob Online", "cho PushOnline", "dee PushOnline", "eve Offline",
        "fay Offline", "gus Online", "hal Offline", "ivy Online", "jon Offline",
      ]
      let names = JSON.array(expected.map { .string(String($0.prefix(3))) })
      for command in ["openim/query_online_status", "openim/querystate"] {
        let answer = try await desk.call(command, ["To_Account": names])
        #expect(answer["ErrorCode"] == 0)
        #expect(Self.lines(answer["QueryResult"], "To_Account", "Status") == expected)
        #expect(Self.lines(answer["QueryResult"], "To_Account", "State") == expected)
        #expect(answer["ErrorList"] == [])
        #expect(answer["QueryResult"]?.array?.first?["Detail"] == nil)
      }
    }
  }

  @Test("of several devices the one in best reach counts, and IsNeedDetail names all in reach")
  func tellsDetails() async throws {
    try await Self.run { desk in
      try await desk.register("ann", "1", "android")
      try await desk.register("ann", "2", "ios")
      try await desk.register("ann", "3", "ipad")
      try await desk.tell("device.killed", "ann", "2")
      try await desk.tell("device.logged_out", "ann", "3")
      try await desk.tell("device.logged_in", "ann", "4", "windows")
      try await desk.tell("device.killed", "ann", "4")
      #expect(try await desk.state(of: "ann") == "PushOnline")
      for (device, platform) in [("5", "mac"), ("6", "web"), ("7", "windows")] {
        try await desk.tell("device.logged_in", "ann", device, platform)
      }
      try await desk.tell("device.backgrounded", "ann", "6")
      let body: JSON = ["To_Account": ["ann", "nobody", 7], "IsNeedDetail": 1]
      let answer = try await desk.call("openim/query_online_status", body)
      #expect(answer["ErrorCode"] == 0)
      #expect(Self.lines(answer["QueryResult"], "To_Account", "Status") == ["ann Online"])
      #expect(
        Self.lines(answer["QueryResult"]?.array?.first?["Detail"], "Platform", "Status") == [
          "Android PushOnline", "iPhone PushOnline", "Mac Online", "Web Online", "PC Online",
        ])
      #expect(
        Self.lines(answer["ErrorList"], "To_Account", "ErrorCode") == ["nobody 70107", "7 70107"])
      let many = JSON.array((0..<500).map { .string("u\($0)") })
      let all = try await desk.call("openim/query_online_status", ["To_Account": many])
      #expect(all["ErrorList"]?.array?.count == 500)
    }
  }

  @Test("portrait_get: the nickname and nothing else, and who is not there")
  func getsPortraits() async throws {
    try await Self.run { desk in
      try await desk.importAccount("ann", nickname: "Ann")
      try await desk.importAccount("ben")
      let nick: JSON = "Tag_Profile_IM_Nick"
      let image: JSON = "Tag_Profile_IM_Image"
      func ask(_ tags: JSON) async throws -> JSON {
        try await desk.call(
          "profile/portrait_get", ["To_Account": ["ann", "nobody", "ben"], "TagList": tags])
      }
      let answer = try await ask([image, nick])
      #expect(answer["ErrorCode"] == 0)
      let items = answer["UserProfileItem"]
      #expect(
        Self.lines(items, "To_Account", "ResultCode") == ["ann 0", "nobody 70107", "ben 0"])
      #expect(items?.array?.first?["ProfileItem"] == [["Tag": nick, "Value": "Ann"]])
      #expect(items?.array?.last?["ProfileItem"] == [])
      #expect(answer["Fail_Account"] == ["nobody"])
      let other = try await ask([image])
      #expect(other["UserProfileItem"]?.array?.first?["ProfileItem"] == [])
      _ = try await desk.call(
        "profile/portrait_set",
        ["From_Account": "ann", "ProfileItem": [["Tag": nick, "Value": "Annie"]]])
      let later = try await ask([nick])["UserProfileItem"]?.array?.first
      #expect(later?["ProfileItem"] == [["Tag": nick, "Value": "Annie"]])
    }
  }

  @Test("every mistake has its code and stores nothing")
  func refuses() async throws {
    let long = JSON.string(String(repeating: "x", count: 33))
    let many = JSON.array((0...500).map { .string("u\($0)") })
    let items = JSON.array((0...100).map { ["UserID": .string("u\($0)")] })
    let names = JSON.array((0...100).map { .string("u\($0)") })
    let nick: JSON = ["Tag_Profile_IM_Nick"]
    let cases: [(command: String, whole: JSON, field: String, bad: [JSON], code: Int64)] = [
      ("im_open_login_svc/account_check", [:], "CheckItem", [.null, [], "ann", items], 70402),
      ("im_open_login_svc/account_delete", [:], "DeleteItem", [.null, [], "ann", items], 70402),
      ("im_open_login_svc/kick", [:], "UserID", [.null, 7, "", long], 70402),
      ("im_open_login_svc/kick", [:], "UserID", ["nobody"], 70107),
      ("im_open_login_svc/kick", [:], "Identifier", ["nobody"], 70107),
      ("openim/query_online_status", [:], "To_Account", [.null, [], "ann"], 90003),
      ("openim/query_online_status", [:], "To_Account", [many], 90011),
      ("openim/query_online_status", ["To_Account": ["ann"]], "IsNeedDetail", [2, "x"], 90010),
      ("openim/querystate", [:], "To_Account", [.null, [], "ann"], 90003),
      ("openim/querystate", [:], "To_Account", [many], 90011),
      ("profile/portrait_get", ["TagList": nick], "To_Account", [.null, [], "ann", names], 40001),
      ("profile/portrait_get", ["To_Account": ["ann"]], "TagList", [.null, [], "x", [7]], 40001),
    ]
    try await Self.run { desk in
      try await desk.importAccount("ann")
      let head = try await desk.backend.rig.head()
      for (command, whole, field, bad, code) in cases {
        for value in bad {
          let answer = try await desk.call(command, whole.setting(field, to: value))
          #expect(answer["ErrorCode"] == .integer(code), "\(command) \(field) \(value.kind)")
          #expect(answer["ActionStatus"] == "FAIL")
        }
      }
      #expect(try await desk.backend.rig.head() == head)
    }
  }
}
