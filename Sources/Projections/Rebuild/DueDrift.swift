import Postgres
import PushCore

import struct Foundation.UUID

/// What is due by a rebuild and not in `dispatch.due`, and the other way round.
///
/// Most of it differs because one has followed the ledger further than the other, and is in step when
/// both have come to its end. What is in step at one moment stays so: both fold the same events from
/// there. So it is looked for once, and then only what was found is looked at again.
struct DueDrift {
  /// Deliveries of an app at most, and one more where there are more.
  static let limit = 50_000

  private let pool: PostgresPool
  /// All that differs, of each app that was looked at.
  private(set) var deliveries: [AppID: [UUID]] = [:]

  init(_ pool: PostgresPool) { self.pool = pool }

  /// - Parameter events: Only apps of which what serves follows the ledger, with no more events to go.
  mutating func find(near events: Int64) async throws {
    let apps = try await pool.query(
      """
      select h.app from ledger.heads h
      join ledger.checkpoints c on c.app = h.app and c.projection = $1
      where h.position > 0 and h.position - c.position <= $2 and c.paused_at is null
        and c.failed_at is null and c.mended_to is null
      """, [ProjectionTables.serving.checkpoint, events])
    deliveries = Dictionary(
      uniqueKeysWithValues: try apps.map { (AppID(unchecked: try $0.get(0)), []) })
    var values = PostgresParameters()
    values.add(array: deliveries.keys.map(\.rawValue))
    values.add(Int64(Self.limit))
    for row in try await pool.query(Self.searchSQL, values, timeout: .seconds(600)) {
      deliveries[AppID(unchecked: try row.get(0)), default: []].append(try row.get(1))
    }
  }

  /// Forgets what is in step by now.
  mutating func lookAgain() async throws {
    for (app, found) in deliveries where 1...Self.limit ~= found.count {
      var values = PostgresParameters()
      values.add(app.rawValue)
      values.add(array: found)
      deliveries[app] = try await pool.query(Self.againSQL, values, timeout: .seconds(60))
        .map { try $0.get(0) }
    }
  }

  private static let searchSQL = """
    select x.app, x.delivery_id from (
      select x.app, x.delivery_id, row_number() over (partition by x.app) as number from (
        select d.app, d.delivery_id from \(ProjectionTables.beside.schema).deliveries d
        where d.status = 'due' and d.app = any ($1::text[]) and not exists (
          select from dispatch.due u
          where u.app = d.app and u.provider = d.provider and u.lane = d.lane
            and u.position = coalesce(d.due_position, d.position)
            and u.delivery_id = d.delivery_id)
        union all
        select u.app, u.delivery_id from dispatch.due u
        where u.app = any ($1::text[]) and not exists (
          select from \(ProjectionTables.beside.schema).deliveries d
          where d.app = u.app and d.delivery_id = u.delivery_id and d.status = 'due'
            and d.provider = u.provider and coalesce(d.due_position, d.position) = u.position)
        ) x
      ) x
    where x.number <= $2 + 1
    """

  private static let againSQL = """
    with places as (
      select d.delivery_id, d.provider, d.lane, coalesce(d.due_position, d.position) as position
      from unnest($2::uuid[]) as f (delivery_id)
      join \(ProjectionTables.beside.schema).deliveries d
        on d.app = $1 and d.delivery_id = f.delivery_id and d.status = 'due'
    ), rows as (
      select u.delivery_id, u.provider, u.lane, u.position
      from unnest($2::uuid[]) as f (delivery_id)
      join dispatch.due u on u.app = $1 and u.delivery_id = f.delivery_id
    )
    select distinct delivery_id from (
      (select * from places except select * from rows)
      union all (select * from rows except select * from places)) x
    """
}
