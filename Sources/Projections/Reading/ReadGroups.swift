public import Postgres
public import PushCore

/// A group as it is now.
public struct GroupReport: Sendable, Equatable {
  public var group: GroupID
  public var name: String?
  /// In the chat backend's words.
  public var kind: String?
  public var owner: UserID?
  /// Messages so far that count for all members.
  public var messages: Int64
  public var members: Int64
}

/// A member of a group.
public struct MemberReport: Sendable, Equatable {
  public var user: UserID
  /// A ``PushCore/ReceiveOption`` in its stored form.
  public var receive: String
  public var nameCard: String?
  public var unread: Int64
}

extension NotificationsReader {
  /// Rows of one page of members or groups at most.
  public static let groupRowsPerPage = 6_000

  /// Reads groups; those that nobody spoke of are left out.
  public func groups(
    _ ids: [GroupID], in app: AppID
  ) async throws(PostgresError) -> [GroupID: GroupReport] {
    var named = parameters(app)
    named.add(array: ids.map(\.rawValue))
    let rows = try await pool.query(
      """
      select g.group_id, g.name, g.kind, g.owner, g.messages, g.members
      from unnest($2::text[]) as wanted (group_id)
      join pushledger.groups g on g.app = $1 and g.group_id = wanted.group_id
      """, named)
    var groups: [GroupID: GroupReport] = [:]
    for row in rows {
      let group = try GroupReport(row)
      groups[group.group] = group
    }
    return groups
  }

  /// Reads a page of a group's members in the order of their ids.
  ///
  /// - Parameter wanted: Only these; nil: all.
  public func members(
    of group: GroupID, in app: AppID, only wanted: [UserID]? = nil, skipping skipped: Int = 0,
    limit: Int = groupRowsPerPage
  ) async throws(PostgresError) -> [MemberReport] {
    var named = parameters(app)
    named.add(group.rawValue)
    named.add(array: (wanted ?? []).map(\.rawValue))
    named.add(wanted == nil)
    named.add(Int64(skipped))
    named.add(Int64(min(limit, Self.groupRowsPerPage)))
    let rows = try await pool.query(
      """
      select user_id, receive, name_card, unread from pushledger.memberships
      where app = $1 and group_id = $2 and (user_id = any ($3::text[]) or $4)
      order by user_id offset $5 limit $6
      """, named)
    return try rows.map { row throws(PostgresError) in
      MemberReport(
        user: UserID(unchecked: try row.get(0)), receive: try row.get(1),
        nameCard: try row.optional(2), unread: try row.get(3))
    }
  }

  /// Reads a page of the groups that a user is in, in the order of their ids, and how many there are
  /// on all pages.
  ///
  /// - Parameter kind: Only those of this kind; nil: all.
  public func groups(
    of user: UserID, in app: AppID, kind: String? = nil, skipping skipped: Int = 0,
    limit: Int = groupRowsPerPage
  ) async throws(PostgresError) -> (total: Int64, groups: [GroupReport]) {
    var named = parameters(app)
    named.add(user.rawValue)
    named.add(kind)
    let total: Int64 = try await pool.query(
      """
      select count(*) from pushledger.memberships
      where app = $1 and user_id = $2 and ($3::text is null or kind = $3)
      """, named)[0].get(0)
    named.add(Int64(skipped))
    named.add(Int64(min(limit, Self.groupRowsPerPage)))
    let rows = try await pool.query(
      """
      select g.group_id, g.name, g.kind, g.owner, g.messages, g.members
      from (
        select app, group_id from pushledger.memberships
        where app = $1 and user_id = $2 and ($3::text is null or kind = $3)
        order by group_id offset $4 limit $5
      ) as mine
      join pushledger.groups g on g.app = mine.app and g.group_id = mine.group_id
      order by g.group_id
      """, named)
    var groups: [GroupReport] = []
    for row in rows { groups.append(try GroupReport(row)) }
    return (total, groups)
  }
}

extension GroupReport {
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    group = GroupID(unchecked: try row.get(0))
    name = try row.optional(1)
    kind = try row.optional(2)
    owner = try row.optional(3, as: String.self).map(UserID.init(unchecked:))
    messages = try row.get(4)
    members = try row.get(5)
  }
}
