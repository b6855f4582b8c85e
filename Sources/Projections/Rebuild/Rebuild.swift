import Foundation
import Ledger
public import Postgres
public import PushCore

/// Makes the projection `notifications` anew from its events, beside the one that serves, and lets it
/// take over.
///
///     tables beside ─► fold every app's ledger ─► late indexes ─► the rest ─► swap ─► old tables go
///
/// What is pushed goes on meanwhile, by what serves. Every step is kept in the database: a rebuild
/// that was broken off, in any place, goes on where it stood, and any number of processes may fold,
/// each other apps.
public struct Rebuild: Sendable {
  public struct Configuration: Sendable {
    /// Apps that are folded at the same time.
    public var workers = 1
    /// The apps to fold; empty: all.
    public var apps: Set<AppID> = []
    public var eventsPerBatch = 6_000

    public init() {}
  }

  /// How far it is, over all apps.
  public struct Progress: Sendable, Equatable {
    public var events: Int64
    public var head: Int64
    /// Apps that stand still before an event that cannot be folded.
    public var poisoned: [AppID]
    /// Apps of which another process folds at the moment.
    public var isShared: Bool

    public var left: Int64 { max(0, head - events) }
  }

  /// What a swap did.
  public struct Swap: Sendable, Equatable {
    /// For how long nothing could be appended.
    public var blocked: Duration
    /// Rows of what is due that were added or removed, because what served was not as the ledger says.
    public var mended: Int64
    /// Whether more of it is to be set right: a projector does, or will once its app goes on.
    public var isMending = false
    /// Why this process could not do so; it is tried again by who folds the app.
    public var failure: String?
  }

  /// A rebuild is near enough to its ledgers' ends for the indexes, and then for the swap.
  static let nearEvents: Int64 = 2_000

  /// Decisions stored in one transaction: with more of them, more are called off before they are
  /// stored, and more memory is held.
  static let rowsPerBatch = 75_000

  let pool: PostgresPool
  let configuration: Configuration
  let owner = "rebuild-\(UUID().uuidString.prefix(8).lowercased())"

  public init(_ pool: PostgresPool, configuration: Configuration = Configuration()) {
    self.pool = pool
    self.configuration = configuration
  }

  // MARK: Beginning and ending

  /// Makes the tables.
  /// - Returns: False where a rebuild is under way: it goes on.
  public func begin() async throws -> Bool {
    _ = try await pool.query(
      "select ledger.drop_served($1)", [ProjectionTables.projection])
    return try await pool.query(
      "select ledger.begin_rebuild($1)", [ProjectionTables.projection])[0].get(0)
  }

  /// Gives it up; what serves goes on.
  /// - Throws: ``SwapRefusal/notBegun(_:)``
  public func drop() async throws {
    try await requireBegun()
    _ = try await pool.query("select ledger.drop_rebuild($1)", [ProjectionTables.projection])
  }

  /// - Throws: ``SwapRefusal/notBegun(_:)``
  public func requireBegun() async throws {
    try await Checkpoints(pool).requireRebuild(of: ProjectionTables.projection)
  }

  // MARK: Folding

  /// Folds until all its apps' ledgers are folded to their ends, or to near them while they grow.
  public func fold(_ report: @escaping @Sendable (Progress) -> Void) async throws -> Progress {
    let shown = try await progress()
    report(shown)
    var waiting = try await appsBehind()
    var last = shown
    while !waiting.isEmpty {
      try await withThrowingTaskGroup(of: Void.self) { group in
        var apps = waiting.map(\.app).makeIterator()
        for _ in 0..<max(1, configuration.workers) {
          if let app = apps.next() { group.addTask { try await follow(app, report) } }
        }
        while try await group.next() != nil {
          if let app = apps.next() { group.addTask { try await follow(app, report) } }
        }
      }
      last = try await progress()
      report(last)
      waiting = try await appsBehind()
      let left = waiting.reduce(0) { $0 + $1.lag }
      guard left > Self.nearEvents, !last.isShared else { break }
    }
    return last
  }

  /// Makes the indexes that folding did without.
  public func index() async throws {
    _ = try await pool.query(
      "select ledger.index_rebuild($1)", [ProjectionTables.projection], timeout: .seconds(3_600))
  }

  public func isIndexed() async throws -> Bool {
    let rows = try await pool.query(
      "select indexed_at is not null from ledger.rebuilds where projection = $1",
      [ProjectionTables.projection])
    return try rows.first?.get(0) ?? false
  }

  /// Folds an app's ledger to the end that it has when that is reached.
  private func follow(_ app: AppID, _ report: @Sendable (Progress) -> Void) async throws {
    try await Checkpoints(pool).start(.beside, of: app)
    var step = ProjectionStep(
      app: app, tables: .beside, owner: owner, eventsPerBatch: configuration.eventsPerBatch)
    step.rowsPerBatch = Self.rowsPerBatch
    try await FoldAhead(step, pool).run { report(try await progress()) }
    try await Checkpoints(pool).release(.beside, of: [app], by: owner)
  }

  private func appsBehind() async throws -> [(app: AppID, lag: Int64)] {
    try await Checkpoints(pool).appsBehind(
      ProjectionTables.beside.checkpoint, of: configuration.apps)
  }

  public func progress() async throws -> Progress {
    try await Checkpoints(pool).progress(of: ProjectionTables.beside.checkpoint, besides: owner)
  }
}
