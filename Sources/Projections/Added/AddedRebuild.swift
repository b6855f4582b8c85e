import Foundation
public import Postgres
public import PushCore

/// Makes a projection that was added anew from the events, beside the one that serves, and lets it take
/// over.
///
///     tables beside, by its SQL ─► fold every app's ledger ─► what serves waits ─► the rest ─► swap
///
/// Every step is kept in the database: broken off in any place, it goes on where it stood. Nothing is
/// due by such a projection, so appends go on all the time; what serves waits for the last batch.
public struct AddedRebuild: Sendable {
  /// Events folded while what serves waits, at most; more are folded before.
  static let nearEvents: Int64 = 20_000
  static let swapTries = 5

  let pool: PostgresPool
  let projection: ProjectionName
  let configuration: Rebuild.Configuration
  let owner = "rebuild-\(UUID().uuidString.prefix(8).lowercased())"

  public init(
    _ pool: PostgresPool, of projection: ProjectionName,
    configuration: Rebuild.Configuration = Rebuild.Configuration()
  ) {
    self.pool = pool
    self.projection = projection
    self.configuration = configuration
  }

  private var checkpoint: String { Checkpoints.beside(projection.rawValue) }

  /// Makes the tables.
  /// - Returns: False where a rebuild is under way: it goes on.
  public func begin() async throws -> Bool {
    _ = try await pool.query("select ledger.drop_served($1)", [projection.rawValue])
    return try await pool.withConnection { connection in
      let rows: Result<PostgresResult, any Error>
      do {
        rows = .success(
          try await connection.query("select ledger.begin_rebuild($1)", [projection.rawValue]))
      } catch {
        rows = .failure(error)
      }
      // The projection's SQL ran on this connection.
      await connection.close()
      return try rows.get()[0].get(0)
    }
  }

  /// Gives it up; what serves goes on.
  /// - Throws: ``SwapRefusal/notBegun(_:)``
  public func drop() async throws {
    try await requireBegun()
    _ = try await pool.query("select ledger.drop_rebuild($1)", [projection.rawValue])
  }

  /// - Throws: ``SwapRefusal/notBegun(_:)``
  public func requireBegun() async throws {
    try await Checkpoints(pool).requireRebuild(of: projection.rawValue)
  }

  public func progress() async throws -> Rebuild.Progress {
    try await Checkpoints(pool).progress(of: checkpoint, besides: owner)
  }

  /// Folds all its apps' ledgers to their ends.
  /// - Throws: ``SwapRefusal/poisoned(_:)``
  public func fold(
    _ report: @escaping @Sendable (Rebuild.Progress) -> Void
  ) async throws -> Rebuild.Progress {
    report(try await progress())
    let apps = try await Checkpoints(pool).appsBehind(checkpoint, of: configuration.apps)
      .map(\.app)
    try await withThrowingTaskGroup(of: Void.self) { group in
      var waiting = apps.makeIterator()
      for _ in 0..<max(1, configuration.workers) {
        if let app = waiting.next() { group.addTask { try await follow(app, report) } }
      }
      while try await group.next() != nil {
        if let app = waiting.next() { group.addTask { try await follow(app, report) } }
      }
    }
    let done = try await progress()
    report(done)
    guard done.poisoned.isEmpty else { throw SwapRefusal.poisoned(done.poisoned) }
    return done
  }

  private func follow(
    _ app: AppID, _ report: @Sendable (Rebuild.Progress) -> Void
  ) async throws {
    while case .folded = try await step(app).run(on: pool) {
      try Task.checkCancellation()
      report(try await progress())
    }
    try await Checkpoints(pool).release(checkpoint, of: [app], by: owner)
  }

  private func step(_ app: AppID) -> AddedStep {
    AddedStep(projection: projection, app: app, isBeside: true, owner: owner)
  }

  // MARK: Swapping

  /// Lets the rebuild serve. What serves folds nothing meanwhile.
  /// - Throws: ``SwapRefusal``; then all is as it was.
  public func swap() async throws {
    try await requireBegun()
    for number in 1...Self.swapTries {
      let now = try await progress()
      guard now.poisoned.isEmpty else { throw SwapRefusal.poisoned(now.poisoned) }
      if now.left > Self.nearEvents {
        throw SwapRefusal.behind(projection.rawValue, events: now.left)
      }
      do {
        try await swapOnce()
        await Checkpoints(pool).dropServed(projection.rawValue)
        return
      } catch let error as PostgresError where error.sqlState == "LG020" || error.isRetryable {
        guard number < Self.swapTries else { throw SwapRefusal.busy(projection.rawValue) }
      }
    }
  }

  private func swapOnce() async throws {
    try await pool.withConnection { connection in
      do {
        try await connection.transaction { connection in
          _ = try await connection.query(
            "select from ledger.checkpoints where projection = $1 order by app for update",
            [projection.rawValue])
          for row in try await connection.query("select app from ledger.heads order by app") {
            try await finish(AppID(unchecked: try row.get(0)), on: connection)
          }
          _ = try await connection.query(
            "select ledger.swap_projection($1)", [projection.rawValue])
        }
      } catch {
        await connection.close()
        throw error
      }
      await connection.close()
    }
  }

  private func finish(_ app: AppID, on connection: PostgresConnection) async throws {
    var from: Position?
    while case .folded(let reached) = try await step(app).batch(
      of: ProjectionManifest.batchEvents.upperBound, on: connection)
    {
      if reached - (from ?? reached) > Self.nearEvents { return }
      from = from ?? reached
    }
  }
}
