import Ledger
import Projections
import PushCore

import struct Foundation.UUID

extension GroupService {
  /// What kinds of groups there are, and whether a new member is pushed.
  static let kinds: [String: Bool] = [
    "Private": true, "Work": true, "Public": true, "Community": true, "ChatRoom": false,
    "Meeting": false, "AVChatRoom": false,
  ]

  /// `create_group` and `import_group`: https://cloud.tencent.com/document/product/269/1615 and
  /// https://cloud.tencent.com/document/product/269/1634
  func create(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    guard let kind = try call.body.text("Type", bad), let isPushed = Self.kinds[kind] else {
      throw TencentError(
        bad, "Type is missing or none of \(Self.kinds.keys.sorted().joined(separator: ", ")).")
    }
    guard let name = try call.body.text("Name", bad), !name.isEmpty else {
      throw TencentError(bad, "Name is missing.")
    }
    let group =
      try optionalGroup(call)
      ?? GroupID(unchecked: "@TGS#" + UUID().uuidString.prefix(13).lowercased())
    var members = try accounts(call, "MemberList", of: "Member_Account")
    let owner = try call.body.account("Owner_Account", bad)
    if let owner, !members.contains(owner) { members.insert(owner, at: 0) }
    try await append(
      [
        try event(
          .groupUpdated,
          .object(present: [
            ("group", JSON(group)), ("kind", .string(kind)), ("owner", owner.map { JSON($0) }),
          ]), ["name": .string(name)], call)
      ] + additions(of: members, to: group, isPushed: isPushed, call), call)
    return TencentAnswer.ok(["GroupId": JSON(group), "Type": .string(kind)])
  }

  /// https://www.tencentcloud.com/document/product/1047/34962
  func rename(_ call: TencentCall) async throws -> JSON {
    let group = try await known(call).group
    guard let name = try call.body.text("Name", TencentError.badGroupParameter) else {
      return TencentAnswer.ok()
    }
    try await append(
      [
        try event(.groupUpdated, ["group": JSON(group)], ["name": .string(name)], call)
      ], call)
    return TencentAnswer.ok()
  }

  /// https://cloud.tencent.com/document/product/269/1624
  func dissolve(_ call: TencentCall) async throws -> JSON {
    let group = try await known(call).group
    try await append([try event(.groupDissolved, ["group": JSON(group)], nil, call)], call)
    return TencentAnswer.ok()
  }

  /// https://cloud.tencent.com/document/product/269/1633
  func changeOwner(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    let group = try await known(call).group
    let owner = try call.body.requiredAccount("NewOwner_Account", bad)
    try await reading.awaitHead(of: call.app)
    guard try await reading.projection.isMember(owner, of: group, in: call.app) else {
      throw TencentError(bad, "NewOwner_Account is no member of the group.")
    }
    let data: JSON = ["group": JSON(group), "owner": JSON(owner)]
    try await append([try event(.groupUpdated, data, nil, call)], call)
    return TencentAnswer.ok()
  }

  /// https://cloud.tencent.com/document/product/269/1616
  func describeGroups(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    let names = try call.body.array("GroupIdList", bad) ?? []
    guard 1...Self.groupsPerQuestion ~= names.count else {
      throw TencentError(
        bad, "GroupIdList has \(names.count) entries; 1 to \(Self.groupsPerQuestion) are taken.")
    }
    let ids = names.compactMap { $0.string.flatMap { try? GroupID(validating: $0, field: "") } }
    try await reading.awaitHead(of: call.app)
    let found = try await reading.projection.groups(ids, in: call.app)
    var answers: [JSON] = []
    for name in names {
      let id = name.string.map { GroupID(unchecked: $0) }
      guard let report = id.flatMap({ found[$0] }),
        report.kind != nil || report.name != nil || report.owner != nil
      else {
        answers.append([
          "GroupId": name, "ErrorCode": .integer(TencentError.noSuchGroup),
          "ErrorInfo": "There is no group with this GroupId.",
        ])
        continue
      }
      answers.append(
        .object(present: [
          ("GroupId", JSON(report.group)), ("ErrorCode", 0), ("ErrorInfo", ""),
          ("Type", .string(report.kind ?? "")), ("Name", .string(report.name ?? "")),
          ("Owner_Account", report.owner.map { JSON($0) } ?? ""),
          ("MemberNum", .integer(report.members)),
        ]))
    }
    return TencentAnswer.ok(["GroupInfo": .array(answers)])
  }
}
