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
    _ = try await pool.query("select ledger.begin_snapshot($1)", [app.rawValue])
    var step = ProjectionStep(
      app: app, tables: .snapshot, owner: owner, eventsPerBatch: Self.eventsPerBatch)
    step.upTo = end
    try await FoldAhead(step, pool).run { progress(try await position()) }
    try await Checkpoints(pool).release(.snapshot, of: [app], by: owner)
    if let failed = try await failed() { throw DetachError.poisoned(app, position: failed) }
    guard try await position() == end else { throw DetachError.busy(app) }
  }

  /// How far it is; 0 where there is none.
  func position() async throws -> Position { try await column("position") ?? 0 }

  private func failed() async throws -> Position? { try await column("failed_position") }

  private func column(_ name: String) async throws -> Position? {
    try await pool.query(
      "select \(name) from ledger.checkpoints where app = $1 and projection = $2",
      [app.rawValue, ProjectionTables.snapshot.checkpoint]
    ).first?.optional(0)
  }
}
