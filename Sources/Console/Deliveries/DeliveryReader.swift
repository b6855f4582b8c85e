import Ledger
import Postgres
import PushCore

/// A page of the list, and what is said beside it.
struct DeliveryFacts: Sendable {
  /// Suppressed decisions that were counted and have no row, of one message.
  struct Counted: Sendable {
    var message: String
    var reason: String
    var number: Int64
    var decidedAt: Timestamp
  }

  var found = DeliveryWalk.Found()
  /// How far back it was looked, where that was not to the end.
  var reachedAt: Timestamp?
  /// What the hourly statistics count; nil where they cannot.
  var total: Int64?
  /// What of it has no row, as far as was looked: the newest.
  var counted: [Counted] = []
  var archive: LedgerArchive?
}

struct DeliveryReader: Sendable {
  /// Rows of a page.
  static let page = 50
  /// Counted decisions that are listed, and the rows of them that are looked at.
  static let counts: Int64 = 10
  private static let countsLooked: Int64 = 5_000

  let pool: PostgresPool

  func read(
    _ app: AppID, _ filter: DeliveryFilter, before: DeliveryCursor?, at now: Timestamp
  ) async throws -> DeliveryFacts {
    try await pool.withConnection { connection in
      var facts = DeliveryFacts()
      facts.found = try await DeliveryWalk(app: app, filter: filter)
        .find(Self.page, before: before, connection)
      facts.total = try await DeliveryHours(app: app, filter: filter).count(at: now, connection)
      let place = facts.found.isSpent ? facts.found.next?.position : nil
      var calls = [LedgerArchive.call(of: app), Self.reached(app, place)]
      if filter.status == .suppressed, filter.isCounted, before == nil {
        calls.append(Self.counted(app, filter))
      }
      let results = try await connection.pipeline(calls)
      facts.archive = try LedgerArchive(results[0])
      facts.reachedAt = try results[1].first?.timestamp(0)
      if results.count > 2 {
        facts.counted = try results[2].map { row throws(PostgresError) in
          DeliveryFacts.Counted(
            message: try row.get(0), reason: try row.get(1), number: try row.get(2),
            decidedAt: try row.timestamp(3))
        }
      }
      return facts
    }
  }

  /// When the message at a place, or the first after it, was committed.
  private static func reached(_ app: AppID, _ place: Position?) -> PostgresCall {
    PostgresCall(
      """
      select m.recorded_at from pushledger.messages m
      where m.app = $1 and m.position >= $2 order by m.position limit 1
      """, [app.rawValue, place])
  }

  private static func counted(_ app: AppID, _ filter: DeliveryFilter) -> PostgresCall {
    PostgresCall(
      """
      select s.message_id, s.reason, s.count, s.decided_at from (
        select * from pushledger.suppressed_counts s
        where s.app = $1 and s.position > (select pushledger.position_at($1, $2))
          and ($3::timestamptz is null or s.position <= (select pushledger.position_at($1, $3)))
        order by s.position desc, s.reason limit $6) s
      where $4::text is null or s.reason = $4
      order by s.position desc, s.reason limit $5
      """,
      [
        app.rawValue, PostgresTimestamp(microseconds: filter.from.microseconds - 1),
        filter.until.map { PostgresTimestamp(microseconds: $0.microseconds - 1) }, filter.reason,
        counts, countsLooked,
      ])
  }
}
