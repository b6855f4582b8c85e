// Which events can matter to a user
//
//     the user ─► streams user/…, device/…                   settings, devices, read marks
//        │  └──► tokens registered ─► who else registered them ─► their devices
//        ├─────► groups joined, ever ─► the group's events about the user and name cards
//        │            └─► messages while a member ─┐
//        └─────► one-to-one conversations ─────────┴─► messages ─► senders' nicknames, recalls
//     messages that a read mark names, online-only messages, attempts and receipts,
//     and all that the projection has not folded yet

import Ledger
import Postgres
import PushCore

/// Finds the positions of the events that can change what is decided for some users, or counts as
/// unread for them. Anything else may be left out of a fold, and they are decided the same.
struct RelevantPositions {
  /// Users whose devices are followed at most, for having registered the same tokens.
  static let sharerLimit = 10_000
  /// Events that the projection has not folded, at most: they are all read.
  static let tailLimit: Int64 = 1_000_000

  let pool: PostgresPool
  let app: AppID
  let upTo: Position

  /// - Returns: In order; nil where it is not worth it: the whole ledger must be read.
  func find(for users: Set<UserID>) async throws -> [Position]? {
    let checkpoint = min(try await self.checkpoint(), upTo)
    guard checkpoint > 0, upTo - checkpoint <= Self.tailLimit,
      let sharers = try await sharers(of: users)
    else { return nil }
    var found: Set<Position> = []
    try await addOwn(of: users, sharers: sharers, to: &found)
    let groups = try await groups(of: users)
    let spans = try await addGroups(groups, users, to: &found)
    var senders: Set<UserID> = []
    try await addMessages(spans, users, checkpoint, &senders, to: &found)
    try await addNamedMessages(users, &senders, to: &found)
    try await addOnlineOnly(groups, users, &senders, to: &found)
    if checkpoint < upTo { try await addTail(after: checkpoint, &senders, to: &found) }
    try await addRecalls(to: &found)
    try await addNicknames(of: senders, to: &found)
    try await addAttempts(of: users, to: &found)
    try await addErasures(to: &found)
    return found.filter { $0 <= upTo }.sorted()
  }

  // MARK: Statements

  func parameters() -> PostgresParameters {
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    return parameters
  }

  func insert(
    _ sql: String, _ values: PostgresParameters, into found: inout Set<Position>
  ) async throws {
    for row in try await pool.query(sql, values) { found.insert(try row.get(0)) }
  }

  private func checkpoint() async throws -> Position {
    let rows = try await pool.query(
      "select position from ledger.checkpoints where app = $1 and projection = $2",
      [app.rawValue, ProjectionTables.projection])
    return try rows.first?.get(0) ?? 0
  }

  // MARK: Users, devices, tokens

  /// Users who registered a token that a device of `users` registered, too, and so on: whoever
  /// registers a token logs the device out that had it.
  ///
  /// - Returns: Without `users`; nil where there are too many.
  private func sharers(of users: Set<UserID>) async throws -> Set<UserID>? {
    var known = users
    var open = users
    var tokens: Set<String> = []
    while !open.isEmpty {
      let registered = try await self.tokens(of: open).subtracting(tokens)
      tokens.formUnion(registered)
      open = try await registrants(of: registered).subtracting(known)
      known.formUnion(open)
      guard known.count <= Self.sharerLimit else { return nil }
    }
    return known.subtracting(users)
  }

  private func tokens(of users: Set<UserID>) async throws -> Set<String> {
    var values = parameters()
    let ranges = users.map { StreamName.deviceRange(of: $0) }
    values.add(array: ranges.map(\.first))
    values.add(array: ranges.map(\.end))
    let rows = try await pool.query(
      """
      select distinct t.token
      from unnest($2::text[], $3::text[]) as u (first, past)
      cross join lateral (
        select e.data from ledger.events e
        where e.app = $1 and e.stream >= u.first and e.stream < u.past
          and e.type = 'device.registered' offset 0) e
      cross join lateral (
        select e.data ->> 'token_sha256' where e.data ->> 'provider' <> 'callback'
        union all
        select f ->> 'token_sha256' from jsonb_array_elements(e.data -> 'fallbacks') f
        where f ->> 'provider' <> 'callback') t (token)
      where t.token is not null
      """, values)
    return Set(try rows.map { try $0.get(0) })
  }

  private func registrants(of tokens: Set<String>) async throws -> Set<UserID> {
    guard !tokens.isEmpty else { return [] }
    var values = parameters()
    values.add(array: Array(tokens))
    let rows = try await pool.query(
      """
      select distinct e.data ->> 'user' from ledger.events e
      where e.app = $1 and e.type = 'device.registered'
        and jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ?| $2::text[]
      """, values)
    return Set(try rows.map { UserID(unchecked: try $0.get(0)) })
  }

  /// The users' own streams, and the devices of those that share tokens.
  private func addOwn(
    of users: Set<UserID>, sharers: Set<UserID>, to found: inout Set<Position>
  ) async throws {
    var streams = parameters()
    streams.add(array: users.map { StreamName.user($0).rawValue })
    try await insert(
      """
      select e.position from ledger.events e
      where e.app = $1 and e.stream = any ($2::text[])
      """, streams, into: &found)
    var devices = parameters()
    let ranges = users.union(sharers).map { StreamName.deviceRange(of: $0) }
    devices.add(array: ranges.map(\.first))
    devices.add(array: ranges.map(\.end))
    try await insert(
      """
      select e.position
      from unnest($2::text[], $3::text[]) as u (first, past)
      cross join lateral (
        select e.position from ledger.events e
        where e.app = $1 and e.stream >= u.first and e.stream < u.past
        offset 0) e
      """, devices, into: &found)
    try await addNicknames(of: sharers, to: &found)
  }

  /// What is said of users themselves: nicknames, and that an account was deleted.
  func addNicknames(of users: Set<UserID>, to found: inout Set<Position>) async throws {
    guard !users.isEmpty else { return }
    var values = parameters()
    values.add(array: users.map { StreamName.user($0).rawValue })
    try await insert(
      """
      select e.position from ledger.events e
      where e.app = $1 and e.stream = any ($2::text[])
        and e.type in ('user.updated', 'user.deleted')
      """, values, into: &found)
  }

  /// What was erased: it calls off what was due of it. There are few.
  private func addErasures(to found: inout Set<Position>) async throws {
    try await insert(
      "select e.position from ledger.events e where e.app = $1 and e.type = 'content.erased'",
      parameters(), into: &found)
  }

  // MARK: Groups

  /// Groups that somebody was added to, ever.
  private func groups(of users: Set<UserID>) async throws -> Set<GroupID> {
    var values = parameters()
    values.add(array: users.map(\.rawValue))
    let rows = try await pool.query(
      """
      select distinct e.data ->> 'group' from ledger.events e
      where e.app = $1 and e.type = 'group.member_added' and e.data ->> 'user' = any ($2::text[])
      """, values)
    return Set(try rows.map { GroupID(unchecked: try $0.get(0)) })
  }

  /// The groups' events about the users, about the groups themselves, and about members that have
  /// had a name card.
  ///
  /// - Returns: When one of the users was a member.
  private func addGroups(
    _ groups: Set<GroupID>, _ users: Set<UserID>, to found: inout Set<Position>
  ) async throws -> [MembershipSpan] {
    var values = parameters()
    values.add(array: groups.map { StreamName.group($0).rawValue })
    values.add(array: users.map(\.rawValue))
    let rows = try await pool.query(
      """
      with told as materialized (
        select e.position, e.type, e.data ->> 'group' as group_id, e.data ->> 'user' as user_id,
          e.type = 'group.member_added' and e.content ->> 'name_card' is not null as has_card
        from unnest($2::text[]) as g (stream)
        cross join lateral (
          select e.* from ledger.events e
          where e.app = $1 and e.stream = g.stream offset 0) e
      )
      select t.position, t.type, t.group_id, t.user_id, t.user_id = any ($3::text[])
      from told t
      where t.user_id is null or t.user_id = any ($3::text[]) or (t.group_id, t.user_id) in (
        select c.group_id, c.user_id from told c where c.has_card)
      order by t.position
      """, values)
    var spans = MembershipSpans(
      everything: try await setsUnread(users))
    for row in rows {
      let position: Position = try row.get(0)
      found.insert(position)
      spans.add(
        type: try row.get(1), group: GroupID(unchecked: try row.get(2)),
        user: try row.optional(4, as: Bool.self) == true
          ? UserID(unchecked: try row.get(3)) : nil, at: position)
    }
    return spans.finished()
  }

  /// Whether an unread count was ever set: it is bounded by the number of all messages.
  private func setsUnread(_ users: Set<UserID>) async throws -> Bool {
    var values = parameters()
    values.add(array: users.map { StreamName.user($0).rawValue })
    values.add(EventType.unreadSet.rawValue)
    return try await pool.query(
      """
      select exists (
        select from ledger.events e
        where e.app = $1 and e.stream = any ($2::text[]) and e.type = $3)
      """, values)[0].get(0)
  }
}
