import Postgres
import PushCore

/// The rows of `ledger.checkpoints`: how far a projection is, and whether it stands still.
struct Checkpoints: Sendable {
  /// The name under which the checkpoints of a rebuild stand.
  static func beside(_ projection: String) -> String { projection + "/next" }

  private let pool: PostgresPool

  init(_ pool: PostgresPool) { self.pool = pool }

  /// Makes the row of an app that has none yet.
  func start(_ tables: ProjectionTables, of app: AppID) async throws {
    _ = try await pool.query(
      """
      insert into ledger.checkpoints (app, projection, position, updated_at)
      select app, $2, 0, now() from ledger.apps where app = $1
      on conflict (app, projection) do nothing
      """, [app.rawValue, tables.checkpoint])
  }

  /// Says that an app's projection stands still before an event.
  func fail(_ tables: ProjectionTables, of app: AppID, at event: PoisonedEvent) async throws {
    try await fail(tables.checkpoint, of: app, at: event)
  }

  func fail(_ checkpoint: String, of app: AppID, at event: PoisonedEvent) async throws {
    _ = try await pool.query(
      """
      insert into ledger.checkpoints as c
        (app, projection, position, updated_at, failed_at, failed_position, failure)
      values ($1, $2, 0, now(), now(), $3, $4)
      on conflict (app, projection) do update
        set failed_at = excluded.failed_at, failed_position = excluded.failed_position,
          failure = excluded.failure, owner = null, leased_until = null
        where c.position < excluded.failed_position
      """, [app.rawValue, checkpoint, event.position, event.reason])
  }

  /// Lets others take over at once what a projector holds.
  func release(_ tables: ProjectionTables, of apps: [AppID], by owner: String) async throws {
    try await release(tables.checkpoint, of: apps, by: owner)
  }

  func release(_ checkpoint: String, of apps: [AppID], by owner: String) async throws {
    var values = PostgresParameters()
    values.add(array: apps.map(\.rawValue))
    values.add(checkpoint)
    values.add(owner)
    _ = try await pool.query(
      """
      update ledger.checkpoints set owner = null, leased_until = null
      where app = any ($1::text[]) and projection = $2 and owner = $3
      """, values)
  }

  // MARK: A rebuild's

  /// How far a rebuild's checkpoints are, over all apps.
  /// - Parameter owner: Who folds here; all others are "another process".
  func progress(of checkpoint: String, besides owner: String) async throws -> Rebuild.Progress {
    let row = try await pool.query(
      """
      select coalesce(sum(c.position), 0)::bigint, coalesce(sum(h.position), 0)::bigint,
        coalesce(array_agg(h.app order by h.app) filter (where c.failed_at is not null), '{}'),
        coalesce(bool_or(c.owner <> $2 and c.leased_until > clock_timestamp()), false)
      from ledger.heads h
      left join ledger.checkpoints c on c.app = h.app and c.projection = $1
      """, [checkpoint, owner])[0]
    return Rebuild.Progress(
      events: try row.get(0), head: try row.get(1),
      poisoned: try row.array(2, of: String.self).map(AppID.init(unchecked:)),
      isShared: try row.get(3))
  }

  /// - Throws: ``SwapRefusal/notBegun(_:)``
  func requireRebuild(of projection: String) async throws {
    let rows = try await pool.query(
      "select from ledger.rebuilds where projection = $1", [projection])
    guard !rows.isEmpty else { throw SwapRefusal.notBegun(projection) }
  }

  /// Drops what served before a swap. Who still reads those tables keeps them: the next rebuild drops
  /// them.
  func dropServed(_ projection: String) async {
    _ = try? await pool.query(
      "select ledger.drop_served($1)", [projection], timeout: .seconds(5))
  }

  /// The apps that are behind and do not stand still, the furthest first, with their events to fold.
  /// - Parameter apps: Only these; empty: all.
  func appsBehind(
    _ checkpoint: String, of apps: Set<AppID>
  ) async throws -> [(app: AppID, lag: Int64)] {
    var values = PostgresParameters()
    values.add(checkpoint)
    values.add(array: apps.map(\.rawValue))
    let rows = try await pool.query(
      """
      select h.app, h.position - coalesce(c.position, 0) from ledger.heads h
      left join ledger.checkpoints c on c.app = h.app and c.projection = $1
      where h.position > coalesce(c.position, 0) and c.failed_at is null
        and (cardinality($2::text[]) = 0 or h.app = any ($2))
      order by 2 desc, h.app
      """, values)
    return try rows.map { (AppID(unchecked: try $0.get(0)), try $0.get(1)) }
  }
}
