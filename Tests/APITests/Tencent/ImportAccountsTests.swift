import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ImportAccounts {
  private static let login = "im_open_login_svc/"

  private func nicknames(_ backend: TencentBackend) async throws -> [String] {
    try await backend.rig.events().map { event in
      let nickname = try event.event.content.map { try JSON.parse($0)["nickname"]?.string } ?? nil
      return event.event.stream.rawValue + " " + (nickname ?? "-")
    }
  }

  @Test("a nickname comes with an import or by the profile, and a push begins with it")
  func keepsNicknames() async throws {
    try await TencentBackend.run { backend, clock in
      for (command, body) in [
        (Self.login + "account_import", ["UserID": "ann", "Nick": "Ann", "FaceUrl": "x"] as JSON),
        (Self.login + "account_import", ["Identifier": "ben"]),
        (
          "profile/portrait_set",
          [
            "From_Account": "ann",
            "ProfileItem": [
              ["Tag": "Tag_Profile_IM_Gender", "Value": 1],
              ["Tag": "Tag_Profile_IM_Nick", "Value": "Annie"],
            ],
          ]
        ),
        (
          "profile/portrait_set",
          ["From_Account": "ann", "ProfileItem": [["Tag": "Tag_Profile_IM_Image", "Value": "u"]]]
        ),
      ] {
        let answer = try await backend.call(command, body, at: clock.now)
        #expect(answer == ["ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0], "\(body)")
      }
      #expect(try await nicknames(backend) == ["user/ann Ann", "user/ben -", "user/ann Annie"])
      _ = try await backend.call(
        "openim/sendmsg", SendAsTencent.message(["From_Account": "ann"]), at: clock.now)
      let head = try await backend.rig.head()
      _ = try await backend.rig.get("/v1/users/ben/unread?at_least=\(head)")
      let shown: String = try await backend.rig.pool.query(
        "select notification ->> 'text' from notifications_v1.messages")[0].get(0)
      #expect(shown == "Annie:hi, beauty")
    }
  }

  @Test("many at once, in the old form and the new, and those who can't be named are")
  func importsMany() async throws {
    try await TencentBackend.run { backend, clock in
      let command = Self.login + "multiaccount_import"
      let long = JSON.string(String(repeating: "x", count: 33))
      let old = try await backend.call(command, ["Accounts": ["a", long, "b"]], at: clock.now)
      #expect(old["FailAccounts"] == [long] && old["ErrorCode"] == 0)
      let new = try await backend.call(
        command, ["AccountList": [["UserID": "a", "Nick": "A"], ["Nick": "nobody"]]],
        at: clock.now)
      #expect(new["FailAccounts"] == [["Nick": "nobody"]])
      #expect(try await nicknames(backend) == ["user/a -", "user/b -", "user/a A"])
    }
  }

  @Test("every mistake has its code and stores nothing")
  func refuses() async throws {
    let many = JSON.array((0...100).map { .string("u\($0)") })
    let cases: [(command: String, body: JSON, code: Int64)] = [
      (Self.login + "account_import", [:], 70402),
      (Self.login + "account_import", ["UserID": 7], 70402),
      (Self.login + "account_import", ["UserID": "a", "Nick": 7], 70402),
      (
        Self.login + "account_import", ["UserID": .string(String(repeating: "x", count: 33))], 70402
      ),
      (Self.login + "multiaccount_import", [:], 70402),
      (Self.login + "multiaccount_import", ["Accounts": []], 70402),
      (Self.login + "multiaccount_import", ["Accounts": many], 70402),
      (Self.login + "multiaccount_import", ["AccountList": "x"], 70402),
      (Self.login + "multiaccount_import", ["AccountList": [["UserID": "a", "Nick": 1]]], 70402),
      ("profile/portrait_set", ["ProfileItem": [["Tag": "x", "Value": 1]]], 40001),
      ("profile/portrait_set", ["From_Account": "a"], 40001),
      ("profile/portrait_set", ["From_Account": "a", "ProfileItem": []], 40001),
      ("profile/portrait_set", ["From_Account": "a", "ProfileItem": [["Value": 1]]], 40001),
      (
        "profile/portrait_set",
        ["From_Account": "a", "ProfileItem": [["Tag": "Tag_Profile_IM_Nick", "Value": 1]]], 40001
      ),
    ]
    try await TencentBackend.run { backend, clock in
      for (command, body, code) in cases {
        let answer = try await backend.call(command, body, at: clock.now)
        #expect(answer["ErrorCode"] == .integer(code), "\(command) \(body.text.prefix(99))")
        #expect(answer["ActionStatus"] == "FAIL")
      }
      #expect(try await backend.rig.head() == 0)
    }
  }
}
