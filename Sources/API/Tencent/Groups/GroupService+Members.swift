import Ledger
import Projections
import PushCore

extension GroupService {
  func addMembers(_ call: TencentCall) async throws -> JSON {
    let known = try await known(call)
    let group = known.group
    let members = try accounts(call, "MemberList", of: "Member_Account")
    guard !members.isEmpty else {
      throw TencentError(TencentError.badGroupParameter, "MemberList is missing or empty.")
    }
    try await append(additions(of: members, to: group, isPushed: known.isPushed, call), call)
    return TencentAnswer.ok([
      "MemberList": .array(members.map { ["Member_Account": JSON($0), "Result": 1] })
    ])
  }

  func deleteMembers(_ call: TencentCall) async throws -> JSON {
    let group = try await known(call).group
    let members = try accounts(call, "MemberToDel_Account", of: nil)
    guard !members.isEmpty else {
      throw TencentError(
        TencentError.badGroupParameter, "MemberToDel_Account is missing or empty.")
    }
    try await append(
      try members.map { member in
        try event(.memberRemoved, ["group": JSON(group), "user": JSON(member)], nil, call)
      }, call)
    return TencentAnswer.ok()
  }

  static let flags: [String: ReceiveOption] = [
    "AcceptAndNotify": .notify, "AcceptNotNotify": .silent, "Discard": .reject,
  ]

  func changeMember(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    let group = try await known(call).group
    let member = try call.body.requiredAccount("Member_Account", bad)
    try await reading.awaitHead(of: call.app)
    guard try await reading.projection.isMember(member, of: group, in: call.app) else {
      throw TencentError(bad, "Member_Account is no member of the group.")
    }
    let names: JSON = ["group": JSON(group), "user": JSON(member)]
    var events: [NewEvent] = []
    if let card = try call.body.text("NameCard", bad) {
      events.append(try event(.memberAdded, names, ["name_card": .string(card)], call))
    }
    if let flag = try call.body.text("MsgFlag", bad) {
      guard let option = Self.flags[flag] else {
        throw TencentError(
          bad, "MsgFlag is none of \(Self.flags.keys.sorted().joined(separator: ", ")).")
      }
      events.append(
        try event(
          .groupReceiveChanged, names.setting("receive", to: .string(option.rawValue)), nil, call))
    }
    if !events.isEmpty { try await append(events, call) }
    return TencentAnswer.ok()
  }

  func additions(
    of members: [UserID], to group: GroupID, isPushed: Bool, _ call: TencentCall
  ) throws -> [NewEvent] {
    try members.map { member in
      var data: JSON = ["group": JSON(group), "user": JSON(member)]
      if !isPushed {
        data = data.setting("receive", to: .string(ReceiveOption.silent.rawValue))
      }
      return try event(.memberAdded, data, nil, call)
    }
  }

  /// https://cloud.tencent.com/document/product/269/1617
  func listMembers(_ call: TencentCall) async throws -> JSON {
    let group = try await known(call).group
    let (limit, skipped) = try page(call)
    try await reading.awaitHead(of: call.app)
    let report = try await reading.projection.groups([group], in: call.app)[group]
    let members = try await reading.projection.members(
      of: group, in: call.app, skipping: skipped, limit: limit)
    let list = members.map { member in
      JSON.object([
        .init("Member_Account", JSON(member.user)),
        .init("Role", member.user == report?.owner ? "Owner" : "Member"),
        .init("MsgFlag", .string(Self.flag(member.receive))),
        .init("NameCard", .string(member.nameCard ?? "")),
      ])
    }
    return TencentAnswer.ok([
      "MemberNum": .integer(report?.members ?? 0), "MemberList": .array(list),
    ])
  }

  /// What a member's option is called there; an option that Tencent's server API lacks goes under
  /// the nearest.
  private static func flag(_ receive: String) -> String {
    let option = ReceiveOption(rawValue: receive) ?? .notify
    return flags.first { $0.value == option }?.key ?? "AcceptNotNotify"
  }

  /// https://cloud.tencent.com/document/product/269/1625
  func listGroups(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    let member = try call.body.requiredAccount("Member_Account", bad)
    let wanted = try call.body.text("GroupType", bad)
    let (limit, skipped) = try page(call)
    try await reading.awaitHead(of: call.app)
    let (total, groups) = try await reading.projection.groups(
      of: member, in: call.app, kind: wanted, skipping: skipped, limit: limit)
    let list = groups.map { group in
      JSON.object([
        .init("GroupId", JSON(group.group)), .init("Type", .string(group.kind ?? "")),
        .init("Name", .string(group.name ?? "")),
        .init("MemberNum", .integer(group.members)),
      ])
    }
    return TencentAnswer.ok(["TotalCount": .integer(total), "GroupIdList": .array(list)])
  }

  /// https://www.tencentcloud.com/document/product/1047/34909
  func setUnread(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    let known = try await known(call)
    let group = known.group
    let member = try call.body.requiredAccount("Member_Account", bad)
    let range = 0...Int64(Int32.max)
    guard let unread = try call.body.integer("UnreadMsgNum", in: range, bad) else {
      throw TencentError(bad, "UnreadMsgNum is missing.")
    }
    // For groups whose members are not pushed it has no effect there, and is no error.
    guard known.isPushed else { return TencentAnswer.ok() }
    try await reading.awaitHead(of: call.app)
    guard try await reading.projection.isMember(member, of: group, in: call.app) else {
      throw TencentError(bad, "Member_Account is no member of the group.")
    }
    let data: JSON = [
      "user": JSON(member), "conversation": ["group": JSON(group)], "unread": .integer(unread),
    ]
    try await append([try event(.unreadSet, data, nil, call)], call)
    return TencentAnswer.ok()
  }
}
