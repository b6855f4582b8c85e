import Ledger
import Projections
import PushCore

import struct Foundation.UUID

extension Accounts {
  // MARK: Whether an account is there

  /// https://cloud.tencent.com/document/product/269/38417
  func check(_ call: TencentCall) async throws -> JSON {
    let names = try names(call, "CheckItem")
    let known = try await known(names, call)
    let items = names.map { name in
      JSON.object([
        .init("UserID", name.json), .init("ResultCode", .integer(name.user == nil ? Self.bad : 0)),
        .init("ResultInfo", ""),
        .init(
          "AccountStatus", name.user.map { known[$0] != nil } ?? false ? "Imported" : "NotImported"),
      ])
    }
    return TencentAnswer.ok(["ResultItem": .array(items)])
  }

  /// The devices go, and the memberships; messages stay.
  /// https://cloud.tencent.com/document/product/269/36443
  func delete(_ call: TencentCall) async throws -> JSON {
    let names = try names(call, "DeleteItem")
    let known = try await known(names, call)
    var items: [JSON] = []
    var deleted: Set<UserID> = []
    for name in names {
      var code = name.user == nil ? Self.bad : TencentError.noSuchAccount
      if let user = name.user, deleted.insert(user).inserted {
        // One that was only ever a member of a group is an account, too.
        let isMember =
          try await reading.projection.groups(of: user, in: call.app, limit: 1).total > 0
        if known[user] != nil || isMember {
          try await delete(user, call)
          code = 0
        }
      }
      items.append([
        "ResultCode": .integer(code), "ResultInfo": code == 0 ? "" : "There is no such account.",
        "UserID": name.json,
      ])
    }
    return TencentAnswer.ok(["ResultItem": .array(items)])
  }

  private func delete(_ user: UserID, _ call: TencentCall) async throws {
    var left: [NewEvent] = []
    var skipped = 0
    while true {
      let page = try await reading.projection.groups(
        of: user, in: call.app, skipping: skipped, limit: Limits.eventsPerAppend)
      if page.groups.isEmpty { break }
      skipped += page.groups.count
      for group in page.groups {
        left.append(
          try call.event(
            .memberRemoved, ["group": JSON(group.group), "user": JSON(user)], or: Self.bad))
      }
    }
    left.append(try call.event(.userDeleted, ["user": JSON(user)], or: Self.bad))
    try await appendAll(left, call)
  }

  private func appendAll(_ events: [NewEvent], _ call: TencentCall) async throws {
    for start in stride(from: 0, to: events.count, by: Limits.eventsPerAppend) {
      try await append(Array(events[start...].prefix(Limits.eventsPerAppend)), call)
    }
  }

  /// https://cloud.tencent.com/document/product/269/3853
  func kick(_ call: TencentCall) async throws -> JSON {
    guard
      let user = try call.body.account("UserID", Self.bad)
        ?? call.body.account("Identifier", Self.bad)
    else { throw TencentError(Self.bad, "UserID is missing.") }
    let name = Name(json: JSON(user), user: user)
    guard let account = try await known([name], call)[user] else {
      throw TencentError(TencentError.noSuchAccount, "There is no such account.")
    }
    let events = try account.devices.filter { !$0.isLoggedOut }.map { device in
      try call.event(
        .deviceLoggedOut,
        ["user": JSON(user), "device": JSON(device.device), "reason": "kicked"], or: Self.bad)
    }
    try await appendAll(events, call)
    return TencentAnswer.ok()
  }

  // MARK: What a user is doing

  /// https://www.tencentcloud.com/document/product/1047/35477; `querystate` is its older name.
  func states(_ call: TencentCall) async throws -> JSON {
    let code = TencentError.badReceiver
    guard let given = try call.body.array("To_Account", code), !given.isEmpty else {
      throw TencentError(code, "To_Account is missing or empty.")
    }
    guard given.count <= Self.accountsPerQuestion else {
      throw TencentError(
        TencentError.tooManyReceivers,
        "To_Account has \(given.count) entries; at most \(Self.accountsPerQuestion) are taken.")
    }
    let isDetailed = try call.body.integer("IsNeedDetail", in: 0...1, TencentError.badFormat) == 1
    let names = given.map { Name(json: $0, user: $0.string.flatMap(TencentBody.account)) }
    let known = try await known(names, call)
    var results: [JSON] = []
    var failures: [JSON] = []
    for name in names {
      guard let account = name.user.flatMap({ known[$0] }) else {
        failures.append([
          "To_Account": name.json, "ErrorCode": .integer(TencentError.noSuchAccount),
        ])
        continue
      }
      results.append(Self.state(account, isDetailed: isDetailed))
    }
    return TencentAnswer.ok(["QueryResult": .array(results), "ErrorList": .array(failures)])
  }

  private static func state(_ account: AccountReport, isDetailed: Bool) -> JSON {
    let devices = account.devices.map { ($0.platform, Reach($0)) }
    let reach = devices.map(\.1).max() ?? .offline
    // One page calls it State, another Status.
    var members = [
      JSON.Member("To_Account", JSON(account.user)), .init("Status", .string(reach.name)),
      .init("State", .string(reach.name)),
    ]
    if isDetailed {
      let details = devices.filter { $0.1 != .offline }.map { platform, reach in
        JSON.object([
          .init("Platform", .string(TencentPlatform.name(platform))),
          .init("Status", .string(reach.name)),
        ])
      }
      members.append(.init("Detail", .array(details)))
    }
    return .object(members)
  }

  /// Whether a user can be reached on a device, from the least to the most.
  private enum Reach: Int, Comparable {
    case offline, pushOnline, online

    /// A desktop or browser that lost its connection cannot be pushed to.
    init(_ device: DeviceStateReport) {
      let isPhone = ["ios", "ipad", "android", "harmony"].contains(device.platform)
      switch device.reach {
      case "foreground", "background": self = .online
      case "killed", nil: self = isPhone ? .pushOnline : .offline
      default: self = .offline
      }
    }

    static func < (left: Reach, right: Reach) -> Bool { left.rawValue < right.rawValue }

    var name: String {
      switch self {
      case .online: "Online"
      case .pushOnline: "PushOnline"
      case .offline: "Offline"
      }
    }
  }

  // MARK: Profiles

  /// https://cloud.tencent.com/document/product/269/1639
  func getPortrait(_ call: TencentCall) async throws -> JSON {
    let code = TencentError.badProfile
    let given = try call.body.array("To_Account", code) ?? []
    let tags = try call.body.array("TagList", code)?.compactMap(\.string) ?? []
    guard 1...Self.accountsPerImport ~= given.count, !tags.isEmpty else {
      throw TencentError(
        code, "To_Account needs 1 to \(Self.accountsPerImport) entries, and TagList one or more.")
    }
    let names = given.map { Name(json: $0, user: $0.string.flatMap(TencentBody.account)) }
    let known = try await known(names, call)
    var items: [JSON] = []
    var failures: [JSON] = []
    for name in names {
      guard let account = name.user.flatMap({ known[$0] }) else {
        failures.append(name.json)
        items.append([
          "To_Account": name.json, "ResultCode": .integer(TencentError.noSuchAccount),
          "ResultInfo": "There is no such account.",
        ])
        continue
      }
      var profile: [JSON] = []
      if tags.contains(Self.nicknameTag), let nickname = account.nickname {
        profile.append(["Tag": .string(Self.nicknameTag), "Value": .string(nickname)])
      }
      items.append([
        "To_Account": name.json, "ProfileItem": .array(profile), "ResultCode": 0, "ResultInfo": "",
      ])
    }
    return TencentAnswer.ok([
      "UserProfileItem": .array(items), "Fail_Account": .array(failures),
    ])
  }

  // MARK: Reading a request

  static let bad = TencentError.badAccount

  /// An account as a request names it; nil where it can be none.
  struct Name {
    var json: JSON
    var user: UserID?
  }

  private func names(_ call: TencentCall, _ list: String) throws(TencentError) -> [Name] {
    let items = try call.body.array(list, Self.bad) ?? []
    guard 1...Self.accountsPerImport ~= items.count else {
      throw TencentError(
        Self.bad,
        "\(list) has \(items.count) entries; 1 to \(Self.accountsPerImport) are taken.")
    }
    return items.map { item in
      let name = item["UserID"] ?? .null
      return Name(json: name, user: name.string.flatMap(TencentBody.account))
    }
  }

  /// The accounts as they are once all that is stored shows.
  func known(_ names: [Name], _ call: TencentCall) async throws -> [UserID: AccountReport] {
    try await reading.awaitHead(of: call.app)
    return try await reading.projection.accounts(names.compactMap(\.user), in: call.app)
  }
}
