import Ledger
import Postgres
import PushCore

/// What an erasure of a user would take, in a time that does not grow with the ledger.
///
/// A short ledger is read and all of it counted. Of a longer one, events that name the user are
/// looked up by indexes, so many of each type; what was refused to be sent is in none.
struct ErasureLook: Sendable {
  /// A ledger that is no longer is counted.
  static let countedEvents: Position = 10_000
  /// Events of each type that are looked at in a longer one.
  static let lookedAt: Int64 = 200

  /// Events by their type, those with the most first.
  var events: [(type: String, count: BoundedCount)]
  /// Whether nothing else would go.
  var isAll: Bool

  var total: BoundedCount { .sum(events.map(\.count)) }

  static func read(_ user: UserID, of app: AppID, _ pool: PostgresPool) async throws -> ErasureLook
  {
    if try await LedgerReader(pool).head(of: app) <= countedEvents {
      let counts = try await Eraser(pool).count(.user(user), in: app)
      return ErasureLook(
        events: counts.events.map { ($0.type, BoundedCount(number: $0.count)) }, isAll: true)
    }
    let results = try await pool.withConnection { connection in
      try await connection.pipeline([UserQueries.settings, call(user, of: app)])
    }
    return ErasureLook(
      events: try results[1].map { row throws(PostgresError) in
        (
          try row.get(0),
          BoundedCount(number: try row.get(1), isAtLeast: try row.get(2))
        )
      }, isAll: false)
  }

  private static func call(_ user: UserID, of app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select l.type, count(*) filter (where l.is_kept), count(*) >= $4 from (
        (
          select 'message.sent' as type, e.content is not null as is_kept
          from (
            select m.position from pushledger.messages m
            where m.app = $1 and m.sender = $2 order by m.position desc limit $4) m
          cross join lateral (
            select e.content from pushledger.events e
            where e.app = $1 and e.position = m.position limit 1) e
        ) union all (
          select b.type, b.is_kept from (
            select 'broadcast.started' as type, e.content is not null as is_kept,
              e.data ->> 'from' = $2 as is_theirs
            from pushledger.events e where e.app = $1 and e.type = 'broadcast.started'
            order by e.position desc limit $4) b
          where b.is_theirs
        ) union all (
          select 'user.updated', u.content is not null and u.type = 'user.updated'
          from (
            select e.type, e.content from pushledger.events e
            where e.app = $1 and e.stream = $3
              and e.type in ('user.updated', 'user.deleted', 'conversation.receive_changed')
            order by e.position desc limit $4) u
        ) union all (
          select 'device.registered', e.content is not null from pushledger.events e
          where e.app = $1 and e.data ->> 'user' = $2 and e.type = 'device.registered'
          order by e.position desc limit $4
        ) union all (
          select 'group.member_added', m.content is not null and m.type = 'group.member_added'
          from (
            select e.type, e.content from pushledger.events e
            where e.app = $1 and e.data ->> 'user' = $2
              and e.type in ('group.member_added', 'group.receive_changed', 'group.member_removed')
            order by e.stream, e.position limit $4) m
        )) l
      group by l.type having count(*) filter (where l.is_kept) > 0 order by 2 desc, 1
      """, [app.rawValue, user.rawValue, StreamName.user(user).rawValue, lookedAt])
  }
}
