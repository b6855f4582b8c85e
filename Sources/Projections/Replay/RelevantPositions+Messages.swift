import Postgres
import PushCore

extension RelevantPositions {
  /// Messages of groups while somebody was a member, and of all one-to-one conversations.
  func addMessages(
    _ spans: [MembershipSpan], _ users: Set<UserID>, _ checkpoint: Position,
    _ senders: inout Set<UserID>, to found: inout Set<Position>
  ) async throws {
    var values = parameters()
    values.add(array: spans.map { ConversationKey.group($0.group).storedName })
    values.add(array: spans.map(\.from))
    values.add(array: spans.map(\.upTo))
    values.add(array: users.map(\.rawValue))
    values.add(checkpoint)
    let rows = try await pool.query(
      """
      with spans (conversation, after, up_to) as (
        select * from unnest($2::text[], $3::bigint[], $4::bigint[])
        union all
        select m.conversation, 0, $6 from notifications_v1.members m
        where m.app = $1 and m.user_id = any ($5::text[]) and m.conversation like 'pair/%'
      )
      select m.position, m.sender from spans s
      cross join lateral (
        select m.position, m.sender from notifications_v1.messages m
        where m.app = $1 and m.conversation = s.conversation and m.position > s.after
          and m.position <= least(s.up_to, $6) offset 0) m
      """, values)
    try add(rows, &senders, to: &found)
  }

  private func add(
    _ rows: PostgresResult, _ senders: inout Set<UserID>, to found: inout Set<Position>
  ) throws {
    for row in rows {
      found.insert(try row.get(0))
      senders.insert(UserID(unchecked: try row.get(1)))
    }
  }

  /// Messages that a read mark of the users names, be they of another conversation.
  func addNamedMessages(
    _ users: Set<UserID>, _ senders: inout Set<UserID>, to found: inout Set<Position>
  ) async throws {
    var values = parameters()
    values.add(array: users.map { StreamName.user($0).rawValue })
    let rows = try await pool.query(
      """
      with named as materialized (
        select distinct e.data ->> 'up_to' as message_id from ledger.events e
        where e.app = $1 and e.stream = any ($2::text[]) and e.type = 'conversation.read'
          and e.data ? 'up_to'
      )
      select m.position, m.sender from named n
      join notifications_v1.messages m on m.app = $1 and m.message_id = n.message_id
      """, values)
    try add(rows, &senders, to: &found)
  }

  /// Messages that are not kept stand in no projection. One whose id was kept before decides
  /// nothing: so that one is wanted, too.
  func addOnlineOnly(
    _ groups: Set<GroupID>, _ users: Set<UserID>, _ senders: inout Set<UserID>,
    to found: inout Set<Position>
  ) async throws {
    var values = parameters()
    values.add(array: groups.map(\.rawValue))
    values.add(array: users.map(\.rawValue))
    let rows = try await pool.query(
      """
      with unkept as materialized (
        select e.position, e.data ->> 'from' as sender, e.data ->> 'message_id' as message_id
        from ledger.events e
        where e.app = $1 and e.type = 'message.sent' and e.data -> 'online_only' = 'true'
          and (e.data #>> '{conversation,group}' = any ($2::text[])
            or e.data #>> '{conversation,user}' = any ($3::text[]))
      )
      select position, sender from unkept
      union all
      select m.position, m.sender from unkept u
      join notifications_v1.messages m on m.app = $1 and m.message_id = u.message_id
      """, values)
    try add(rows, &senders, to: &found)
  }

  /// All that the projection has not folded yet, and the messages that it names again.
  func addTail(
    after checkpoint: Position, _ senders: inout Set<UserID>, to found: inout Set<Position>
  ) async throws {
    var values = parameters()
    values.add(checkpoint)
    values.add(upTo)
    let rows = try await pool.query(
      """
      with sent as materialized (
        select e.position, e.data ->> 'from' as sender, e.data ->> 'message_id' as message_id
        from ledger.events e
        where e.app = $1 and e.position > $2 and e.position <= $3 and e.type = 'message.sent'
      )
      select position, sender from sent
      union all
      select m.position, m.sender from sent s
      join notifications_v1.messages m on m.app = $1 and m.message_id = s.message_id
      """, values)
    try add(rows, &senders, to: &found)
    for position in (checkpoint + 1)...upTo { found.insert(position) }
  }

  /// The recalls of messages that were found and are recalled by now.
  func addRecalls(to found: inout Set<Position>) async throws {
    var values = parameters()
    values.add(array: Array(found))
    try await insert(
      """
      select m.recalled_at from unnest($2::bigint[]) as f (position)
      join notifications_v1.messages m on m.app = $1 and m.position = f.position
      where m.recalled_at is not null
      """, values, into: &found)
  }

  /// Attempts at the users' deliveries, and receipts of them.
  func addAttempts(of users: Set<UserID>, to found: inout Set<Position>) async throws {
    var values = parameters()
    values.add(array: users.map(\.rawValue))
    try await insert(
      """
      select a.position from notifications_v1.deliveries d
      join notifications_v1.attempts a on a.app = d.app and a.delivery_id = d.delivery_id
      where d.app = $1 and d.user_id = any ($2::text[]) and d.attempts > 0
      """, values, into: &found)
    try await insert(
      """
      with told as materialized (
        select d.delivery_id::text as delivery_id, \(Self.stream("m.message_id")) as stream
        from notifications_v1.deliveries d
        join notifications_v1.messages m on m.app = d.app and m.position = d.position
        where d.app = $1 and d.user_id = any ($2::text[])
          and coalesce(d.delivered_at, d.opened_at, d.not_shown_at) is not null
      )
      select e.position from told t
      join ledger.events e on e.app = $1 and e.stream = t.stream
        and e.type in ('push.delivered', 'push.opened', 'push.not_shown')
        and lower(e.data ->> 'delivery_id') = t.delivery_id
      """, values, into: &found)
    try await addOrders(for: values, to: &found)
  }

  /// Orders for deliveries of the users: those that are called off or were sent again.
  private func addOrders(
    for values: PostgresParameters, to found: inout Set<Position>
  ) async throws {
    try await insert(
      """
      with ordered as materialized (
        select d.delivery_id::text as delivery_id, \(Self.stream("m.message_id")) as stream
        from notifications_v1.deliveries d
        join notifications_v1.messages m on m.app = d.app and m.position = d.position
        where d.app = $1 and d.user_id = any ($2::text[])
          and (d.due_position is not null or d.reason = '\(CancellationReason.operator.rawValue)')
      )
      select e.position from ordered o
      join ledger.events e on e.app = $1 and e.stream = o.stream
        and e.type in ('push.cancelled', 'push.retried')
        and lower(e.data ->> 'delivery_id') = o.delivery_id
      """, values, into: &found)
  }

  /// The name of a message's stream, in SQL.
  private static func stream(_ column: String) -> String {
    "'message/' || replace(replace(\(column), '%', '%25'), '/', '%2F')"
  }
}
