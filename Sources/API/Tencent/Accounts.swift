import Ledger
import PushCore

import struct Foundation.UUID

/// `im_open_login_svc` and `profile`: accounts and their nicknames, which notifications begin with.
struct Accounts: Sendable {
  static let accountsPerImport = 100
  static let accountsPerQuestion = 500
  static let nicknameTag = "Tag_Profile_IM_Nick"

  let appender: Appender
  let reading: Reading

  var commands: [String: TencentFront.Command] {
    [
      "im_open_login_svc/account_import": { try await importOne($0) },
      "im_open_login_svc/multiaccount_import": { try await importMany($0) },
      "im_open_login_svc/account_check": { try await check($0) },
      "im_open_login_svc/account_delete": { try await delete($0) },
      "im_open_login_svc/kick": { try await kick($0) },
      "openim/query_online_status": { try await states($0) },
      "openim/querystate": { try await states($0) },
      "profile/portrait_set": { try await setPortrait($0) },
      "profile/portrait_get": { try await getPortrait($0) },
    ]
  }

  /// https://www.tencentcloud.com/document/product/1047/34953
  private func importOne(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badAccount
    guard
      let account = try call.body.account("UserID", bad) ?? call.body.account("Identifier", bad)
    else { throw TencentError(bad, "UserID is missing.") }
    let nickname = try call.body.text("Nick", bad)
    try await append([update(account, nickname, bad, call)], call)
    return TencentAnswer.ok()
  }

  /// https://www.tencentcloud.com/document/product/1047/34954
  private func importMany(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badAccount
    let given = try call.body.array("AccountList", bad) ?? call.body.array("Accounts", bad) ?? []
    guard 1...Self.accountsPerImport ~= given.count else {
      throw TencentError(
        bad, "AccountList has \(given.count) entries; 1 to \(Self.accountsPerImport) are taken.")
    }
    var events: [NewEvent] = []
    var failures: [JSON] = []
    for entry in given {
      let name = entry.string ?? entry["UserID"]?.string
      guard let account = name.flatMap(TencentBody.account) else {
        failures.append(name.map { .string($0) } ?? entry)
        continue
      }
      let nickname = try TencentBody(json: entry).text("Nick", bad)
      events.append(try update(account, nickname, bad, call))
    }
    if !events.isEmpty { try await append(events, call) }
    return TencentAnswer.ok(["FailAccounts": .array(failures)])
  }

  /// https://www.tencentcloud.com/document/product/1047/34916
  private func setPortrait(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badProfile
    let account = try call.body.requiredAccount("From_Account", bad)
    guard let items = try call.body.array("ProfileItem", bad), !items.isEmpty else {
      throw TencentError(bad, "ProfileItem is missing or empty.")
    }
    var nickname: String?
    for item in items {
      let item = TencentBody(json: item)
      guard let tag = try item.text("Tag", bad) else {
        throw TencentError(bad, "ProfileItem has an entry without Tag.")
      }
      // Of a profile nothing else is shown by a push.
      if tag == Self.nicknameTag { nickname = try item.text("Value", bad) ?? "" }
    }
    if nickname != nil { try await append([update(account, nickname, bad, call)], call) }
    return TencentAnswer.ok()
  }

  func update(
    _ account: UserID, _ nickname: String?, _ code: Int, _ call: TencentCall
  ) throws(TencentError) -> NewEvent {
    try call.event(
      .userUpdated, ["user": JSON(account)],
      content: nickname.map { ["nickname": .string($0)] }, or: code)
  }

  func append(_ events: [NewEvent], _ call: TencentCall) async throws {
    _ = try await appender.appendEvents(events, to: call.app)
  }
}
