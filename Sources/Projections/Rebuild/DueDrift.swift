import Postgres
import PushCore

import struct Foundation.UUID

/// Finds what is due by a rebuild and not in `dispatch.due`, and the other way round: most of it
/// because one has followed the ledger further than the other. What is found is looked at again once
/// both have followed it to its end; what is not found then is in step.
struct DueDrift {
  private let pool: PostgresPool

  init(_ pool: PostgresPool) { self.pool = pool }

  /// - Parameters:
  ///   - events: Only apps of which what serves follows the ledger, with no more events to go.
  ///   - limit: Deliveries of an app at most.
  /// - Returns: All of each app that was looked at; apps that have more are left out.
  func find(near events: Int64, limit: Int) async throws -> [AppID: [UUID]] {
    let apps = try await pool.query(
      """
      select h.app from ledger.heads h
      join ledger.checkpoints c on c.app = h.app and c.projection = $1
      where h.position - c.position <= $2 and c.paused_at is null and c.failed_at is null
        and c.mended_to is null
      """, [ProjectionTables.serving.checkpoint, events])
    var drift = Dictionary(
      uniqueKeysWithValues: try apps.map { (AppID(unchecked: try $0.get(0)), [UUID]()) })
    var values = PostgresParameters()
    values.add(array: drift.keys.map(\.rawValue))
    values.add(Int64(limit))
    for row in try await pool.query(Self.sql, values, timeout: .seconds(600)) {
      drift[AppID(unchecked: try row.get(0)), default: []].append(try row.get(1))
    }
    return drift.filter { $0.value.count <= limit }
  }

  private static let sql = """
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
}
