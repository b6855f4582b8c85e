import Postgres
import PushCore

/// The rows of `ledger.checkpoints`: how far a projection is, and whether it stands still.
struct Checkpoints: Sendable {
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
    _ = try await pool.query(
      """
      update ledger.checkpoints
      set failed_at = now(), failed_position = $3, failure = $4, owner = null, leased_until = null
      where app = $1 and projection = $2 and position < $3
      """, [app.rawValue, tables.checkpoint, event.position, event.reason])
  }

  /// Lets others take over at once what a projector holds.
  func release(_ tables: ProjectionTables, of apps: [AppID], by owner: String) async throws {
    var values = PostgresParameters()
    values.add(array: apps.map(\.rawValue))
    values.add(tables.checkpoint)
    values.add(owner)
    _ = try await pool.query(
      """
      update ledger.checkpoints set owner = null, leased_until = null
      where app = any ($1::text[]) and projection = $2 and owner = $3
      """, values)
  }
}
