import Ledger
import Projections
import PushCore

import struct Foundation.UUID

/// `group_open_http_svc`: groups, their members, and what is sent to them.
struct GroupService: Sendable {
  /// Two that have the same `Random` and content within so many seconds are one.
  static let repeatSeconds: Int64 = 300
  static let groupBytes = 48
  static let membersPerRequest = 100
  static let targetsPerMessage = 50
  static let recallsPerRequest = 10
  static let groupsPerQuestion = 50
  static let noticeTargets = 500
  /// The most that an `Offset` may name.
  static let farthest: Int64 = 1_000_000

  let appender: Appender
  let reading: Reading

  var ledger: LedgerReader { reading.ledger }

  var commands: [String: TencentFront.Command] {
    let all: [String: TencentFront.Command] = [
      "create_group": { try await create($0) },
      "import_group": { try await create($0) },
      "destroy_group": { try await dissolve($0) },
      "modify_group_base_info": { try await rename($0) },
      "change_group_owner": { try await changeOwner($0) },
      "get_group_info": { try await describeGroups($0) },
      "add_group_member": { try await addMembers($0) },
      "delete_group_member": { try await deleteMembers($0) },
      "modify_group_member_info": { try await changeMember($0) },
      "get_group_member_info": { try await listMembers($0) },
      "get_joined_group_list": { try await listGroups($0) },
      "set_unread_msg_num": { try await setUnread($0) },
      "send_group_msg": { try await send($0) },
      "send_group_system_notification": { try await notify($0) },
      "group_msg_recall": { try await recall($0) },
    ]
    return Dictionary(
      uniqueKeysWithValues: all.map { name, command in
        ("group_open_http_svc/\(name)", Self.inGroupTerms(command))
      })
  }

  /// What is wrong with a message is 10004 here, but for its size.
  private static func inGroupTerms(
    _ command: @escaping TencentFront.Command
  ) -> TencentFront.Command {
    { call in
      do {
        return try await command(call)
      } catch let error as TencentError where 90_000..<91_000 ~= error.code {
        throw TencentError(TencentError.badGroupParameter, error.info)
      }
    }
  }

  // MARK: Reading a request

  func optionalGroup(_ call: TencentCall) throws(TencentError) -> GroupID? {
    let bad = TencentError.badGroupParameter
    guard let text = try call.body.text("GroupId", bad) else { return nil }
    guard text.utf8.count <= Self.groupBytes, let group = try? GroupID(validating: text, field: "")
    else {
      throw TencentError(bad, "GroupId must have 1 to \(Self.groupBytes) bytes.")
    }
    return group
  }

  /// A group that is there.
  struct Known {
    var group: GroupID
    /// Whether its members are pushed unless they say otherwise.
    var isPushed: Bool
    /// Where one of the same id was dissolved before it; 0 where none was.
    var dissolvedAt: Position
  }

  /// - Throws: 10010, where there is no such group, or it was dissolved.
  func known(_ call: TencentCall) async throws -> Known {
    guard let group = try optionalGroup(call) else {
      throw TencentError(TencentError.badGroupParameter, "GroupId is missing.")
    }
    guard let kind = try await ledger.groupKind(.group(group), of: call.app) else {
      throw TencentError(TencentError.noSuchGroup, "There is no group with this GroupId.")
    }
    return Known(
      group: group, isPushed: Self.kinds[kind.name ?? ""] ?? true, dissolvedAt: kind.dissolvedAt)
  }

  /// The accounts of a list, each once; of objects the member named.
  func accounts(
    _ call: TencentCall, _ name: String, of member: String?,
    most: Int = GroupService.membersPerRequest
  ) throws(TencentError) -> [UserID] {
    let items = try call.body.array(name, TencentError.badGroupParameter) ?? []
    guard items.count <= most else {
      throw TencentError(
        TencentError.tooManyMembers,
        "\(name) has \(items.count) entries; at most \(most) are taken.")
    }
    var accounts: [UserID] = []
    for item in items {
      guard let text = (member.map { item[$0] } ?? item)?.string,
        let account = TencentBody.account(text)
      else {
        throw TencentError(
          TencentError.badGroupParameter, "\(name) has an entry that names no account.")
      }
      if !accounts.contains(account) { accounts.append(account) }
    }
    return accounts
  }

  /// `Limit` and `Offset` of a list.
  func page(_ call: TencentCall) throws(TencentError) -> (limit: Int, skipped: Int) {
    let bad = TencentError.badGroupParameter
    let most = Int64(NotificationsReader.groupRowsPerPage)
    let limit = try call.body.number("Limit", bad) ?? most
    let skipped = try call.body.integer("Offset", in: 0...Self.farthest, bad) ?? 0
    return (Int(min(limit, most)), Int(skipped))
  }

  func event(
    _ type: EventType, _ data: JSON, _ content: JSON?, _ call: TencentCall
  ) throws(TencentError) -> NewEvent {
    try call.event(type, data, content: content, or: TencentError.badGroupParameter)
  }

  func append(_ events: [NewEvent], _ call: TencentCall) async throws {
    _ = try await appender.appendEvents(events, to: call.app)
  }
}
