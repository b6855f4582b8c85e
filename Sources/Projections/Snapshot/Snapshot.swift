import Foundation
import Ledger
import Postgres
import PushCore

/// The projection `notifications` as it was at the end of an app's archive: what a rebuild and a
/// replay begin at once the messages before are gone.
struct Snapshot: Sendable {
  static let eventsPerBatch = 6_000

  let pool: PostgresPool
  let app: AppID
  private let owner = "snapshot-\(UUID().uuidString.prefix(8).lowercased())"

  init(_ pool: PostgresPool, app: AppID) {
    self.pool = pool
    self.app = app
  }

  /// Folds the app's ledger up to a position, on from where the snapshot is.
  ///
  /// - Parameter progress: Called with its position, after every batch.
  /// - Throws: ``DetachError``, or ``Postgres/PostgresError``. What was folded stays.
  func move(to end: Position, progress: @escaping @Sendable (Position) -> Void) async throws {
    let start: Position = try await pool.query(
      "select ledger.begin_snapshot($1)", [app.rawValue])[0].get(0)
    guard start <= end else { throw DetachError.beyond(app, end: end, snapshot: start) }
    var step = ProjectionStep(
      app: app, tables: .snapshot, owner: owner, eventsPerBatch: Self.eventsPerBatch)
    step.upTo = end
    try await FoldAhead(step, pool).run {
      let (position, _) = try await place()
      progress(position)
    }
    try await Checkpoints(pool).release(.snapshot, of: [app], by: owner)
    let (position, failed) = try await place()
    if let failed { throw DetachError.poisoned(app, position: failed) }
    guard position == end else { throw DetachError.busy(app) }
  }

  private func place() async throws -> (Position, failed: Position?) {
    let row = try await pool.query(
      "select position, failed_position from ledger.checkpoints where app = $1 and projection = $2",
      [app.rawValue, ProjectionTables.snapshot.checkpoint])[0]
    return (try row.get(0), try row.optional(1))
  }
}
