public import Ledger
public import Postgres
public import PushCore

/// Takes messages that an archive holds, and what became of them, out of the database.
///
///     archive's files checked ─► snapshot folded to their end ─► said so ─► taken out, step by step
///
/// Every step is kept in the database: broken off in any place it goes on when it is run again.
public struct Detacher: Sendable {
  /// Positions that one transaction goes through at most. Nothing is folded meanwhile.
  static let positionsPerStep: Int64 = 5_000
  /// For statements that read all that is left of a ledger.
  private static let readTimeout = Duration.seconds(600)

  public struct Report: Sendable, Equatable {
    /// Up to where messages are detached; 0 where nothing can be.
    public var position: Position
    /// Events that this run took out.
    public var events: Int64
    /// What keeps more from being detached, in words; nil: all that the archive holds is.
    public var heldBy: String?
    /// Messages up to there that went on later, and so are here until the next run.
    public var kept: Int64 = 0
  }

  /// What is going on, with the position that it has come to.
  public enum Step: Sendable {
    case checking, folding, detaching
  }

  private let pool: PostgresPool
  private let positionsPerStep: Int64

  public init(_ pool: PostgresPool) { self.init(pool, positionsPerStep: Self.positionsPerStep) }

  init(_ pool: PostgresPool, positionsPerStep: Int64) {
    self.pool = pool
    self.positionsPerStep = positionsPerStep
  }

  /// - Parameters:
  ///   - archive: What ``Ledger/Archiver`` wrote; the files after the last detaching are checked whole.
  ///   - progress: Called after every batch.
  /// - Throws: ``DetachError``, ``Ledger/ArchiveError`` or ``Postgres/PostgresError``.
  public func run(
    _ app: AppID, archive: ArchiveReader,
    progress: @escaping @Sendable (Step, Position) -> Void = { _, _ in }
  ) async throws -> Report {
    let before = try await LedgerArchive.find(of: app, pool)?.position ?? 0
    let plan = try await pool.query(
      "select position, held_by from ledger.plan_archive($1, $2)",
      [app.rawValue, archive.manifest.position])[0]
    var end = max(before, try plan.get(0, as: Position.self))
    // A snapshot goes on, never back: what was broken off waits for what has come between.
    if try await Snapshot(pool, app: app).position() > end { end = before }
    var report = Report(position: end, events: 0, heldBy: nil)
    if end < archive.manifest.position { report.heldBy = try plan.optional(1) }
    guard end > 0, let first = try await firstDetachable(of: app, upTo: end) else { return report }
    let last = try await archive.check(through: end, after: first - 1) { progress(.checking, $0) }
    if end > before {
      try await Snapshot(pool, app: app).move(to: end) { progress(.folding, $0) }
    }
    if let last {
      _ = try await pool.query(
        "select ledger.begin_detaching($1, $2, $3, $4, $5)",
        [app.rawValue, last.number, end, PostgresBytes(last.chain), archive.folder])
    }
    var swept: Position = 0
    while swept < end {
      try Task.checkCancellation()
      let row = try await pool.query(
        "select swept, events from ledger.detach($1, $2)", [app.rawValue, positionsPerStep],
        timeout: .seconds(600))[0]
      swept = try row.get(0)
      report.events += try row.get(1, as: Int64.self)
      progress(.detaching, swept)
    }
    report.kept = try await pool.query(
      """
      select count(*) from ledger.events
      where app = $1 and position <= $2 and type = 'message.sent'
      """, [app.rawValue, end], timeout: Self.readTimeout)[0].get(0)
    return report
  }

  /// Where the first event is that may be taken out: from there on the archive must be sound.
  private func firstDetachable(of app: AppID, upTo end: Position) async throws -> Position? {
    try await pool.query(
      """
      select position from ledger.events
      where app = $1 and position <= $2 and ledger.is_detachable(type)
      order by app, position limit 1
      """, [app.rawValue, end], timeout: Self.readTimeout
    ).first?.get(0)
  }
}

/// Why messages were not detached.
public enum DetachError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An event cannot be folded.
  case poisoned(AppID, position: Position)
  /// Another process folds the same snapshot.
  case busy(AppID)

  public var description: String {
    switch self {
    case .poisoned(let app, let position):
      "The event of \(app) at position \(position) cannot be folded, so there is no snapshot to "
        + "begin a rebuild at. See it with `pushledger projections status`, mend it or skip it."
    case .busy(let app):
      "Another process detaches messages of \(app). Wait for it, then try again."
    }
  }
}
