// What the projection holds against what the ledger says
//
//     one snapshot of the database
//       events up to the checkpoint ─► fold ─┬─► messages, attempts, counts: compared page by page
//                                            └─► users, devices, … deliveries, due: at the end
//       where something differs: fold again, and see when it last became what it must be

import Ledger
public import Postgres
public import PushCore

/// Compares an app's projection with the fold of its ledger, row by row and column by column (G6).
/// Nothing is written.
public struct ProjectionDiff: Sendable {
  /// Events read at once.
  static let eventsPerPage = 2_000
  /// Rows compared at once.
  static let rowsPerPage = 5_000

  private let pool: PostgresPool
  private let app: AppID
  /// Differences reported at most.
  private let limit: Int

  public init(_ pool: PostgresPool, app: AppID, limit: Int) {
    self.pool = pool
    self.app = app
    self.limit = limit
  }

  /// - Parameter progress: Called with the position, after every page.
  /// - Throws: ``DriftError`` where there is no projection, and what the database answered.
  public func run(
    progress: @escaping @Sendable (Position) -> Void = { _ in }
  ) async throws -> DriftReport {
    let (app, limit) = (app, limit)
    return try await pool.transaction { connection in
      _ = try await connection.pipeline([
        PostgresCall("set transaction isolation level repeatable read, read only"),
        PostgresCall("set local plan_cache_mode = force_generic_plan"),
      ])
      var comparison = try await Comparison(
        app: app, limit: limit, connection: connection, progress: progress)
      try await comparison.run()
      return comparison.report
    }
  }
}

/// One comparison, within its transaction.
struct Comparison {
  let app: AppID
  let limit: Int
  let connection: PostgresConnection
  let settings: ProjectionSettings
  let skipped: Set<Position>
  /// Where the fold begins; nil: at the ledger's beginning.
  let start: ReplayStart?
  let progress: @Sendable (Position) -> Void
  var replay: Replay
  var report: DriftReport

  init(
    app: AppID, limit: Int, connection: PostgresConnection,
    progress: @escaping @Sendable (Position) -> Void
  ) async throws {
    let known = try await connection.pipeline([
      PostgresCall(
        """
        select c.position, h.position from ledger.heads h
        left join ledger.checkpoints c on c.app = h.app and c.projection = $2
        where h.app = $1
        """, [app.rawValue, ProjectionTables.projection]),
      ProjectionSettings.call(app), SkippedEvents.call(app),
    ])
    guard let row = known[0].first, let settings = known[1].first else {
      throw LedgerReadError.unknownApp(app)
    }
    guard let checkpoint = try row.optional(0, as: Position.self) else {
      throw DriftError.notProjected(app)
    }
    self.app = app
    self.limit = limit
    self.connection = connection
    self.progress = progress
    self.settings = try ProjectionSettings(settings)
    report = DriftReport(app: app, checkpoint: checkpoint, head: try row.get(1))
    skipped = try SkippedEvents(known[2]).positions
    start = try await SnapshotReader(app: app, connection: connection).start()
    replay = Self.replay(app, self.settings, skipped, start)
    report.start = start?.position
  }

  static func replay(
    _ app: AppID, _ settings: ProjectionSettings, _ skipped: Set<Position>, _ start: ReplayStart?
  ) -> Replay {
    var replay = Replay(
      settings: settings.fold,
      deliveries: DeliveryTable(app: app, suppressedRowsLimit: settings.suppressedRowsLimit))
    replay.skipped = skipped
    if let start { replay.begin(at: start) }
    return replay
  }

  var isFull: Bool { report.drifts.count >= limit }

  mutating func run() async throws {
    try await compareArchived()
    try await compareWhileFolding()
    try await compareState()
    try await compareRecalls()
    try await compareDeliveries()
    try await compareDue()
    report.unreadable = replay.unreadable
    try await mendMoved()
    if report.drifts.count > limit {
      report.drifts.removeSubrange(limit...)
      report.isCut = true
    } else if isFull {
      report.isCut = true
    }
    try await DriftOrigins(comparison: self).find(in: &report.drifts)
  }

  /// The next events up to the checkpoint; nil after the last.
  func events(after position: Position) async throws -> [ReplayedEvent]? {
    guard position < report.checkpoint else { return nil }
    let limit = min(Int64(ProjectionDiff.eventsPerPage), report.checkpoint - position)
    let call = EventPage.call(of: app, after: position, limit: Int(limit))
    let result = try await connection.query(call.sql, call.parameters)
    // Where one is missing, the page goes past the checkpoint.
    let events = try EventPage.events(result, of: app).filter { $0.position <= report.checkpoint }
    return events.isEmpty ? nil : events.map(ReplayedEvent.init)
  }

  /// Compares a page of a table, unless enough was found.
  mutating func compare<Row>(
    _ table: ComparedTable<Row>, _ rows: [Row], in range: RowRange
  ) async throws {
    guard !isFull else { return }
    let call = table.call(app, rows, in: range, limit: limit - report.drifts.count)
    let result = try await connection.query(call.sql, call.parameters)
    report.drifts += try table.drifts(result)
  }

  mutating func count(_ table: String, _ rows: Int) {
    if let index = report.rows.firstIndex(where: { $0.table == table }) {
      report.rows[index].count += rows
    } else {
      report.rows.append((table, rows))
    }
  }

  // MARK: What does not change once it is decided

  private mutating func compareWhileFolding() async throws {
    let first = start?.position ?? .min
    var previous = first
    while let events = try await events(after: replay.position) {
      var messages: [ComparedTables.MessageRow] = []
      var attempts: [FoldedAttempt] = []
      var counts: [ComparedTables.CountRow] = []
      var standings: [Standing] = []
      for event in events {
        for output in replay.apply(event) {
          gather(output, &messages, &attempts, &counts)
        }
        standings += replay.changes.standings
      }
      let isLast = replay.position >= report.checkpoint
      let range = RowRange.positions(
        after: previous, upTo: isLast ? .max : replay.position)
      try await compare(ComparedTables.messages, messages, in: range)
      try await compare(ComparedTables.attempts, attempts, in: range)
      try await compare(ComparedTables.counts, counts, in: range)
      try await compare(ComparedTables.standings, standings, in: range)
      count(ComparedTables.messages.name, messages.count)
      count(ComparedTables.attempts.name, attempts.count)
      count(ComparedTables.counts.name, counts.count)
      count(ComparedTables.standings.name, standings.count)
      previous = replay.position
      progress(previous)
    }
    guard previous == first else { return }
    let everything = RowRange.positions(after: first, upTo: .max)
    try await compare(ComparedTables.messages, [], in: everything)
    try await compare(ComparedTables.attempts, [], in: everything)
    try await compare(ComparedTables.counts, [], in: everything)
    try await compare(ComparedTables.standings, [], in: everything)
  }

  private func gather(
    _ output: FoldOutput, _ messages: inout [ComparedTables.MessageRow],
    _ attempts: inout [FoldedAttempt], _ counts: inout [ComparedTables.CountRow]
  ) {
    switch output {
    case .decided(let decided):
      guard decided.state != nil else { return }
      messages.append((decided, settings.expiry(of: decided)))
      guard decided.recipients > settings.suppressedRowsLimit else { return }
      var suppressed: [SuppressionReason: Int32] = [:]
      for decision in decided.decisions {
        if case .suppressed(let reason) = decision.verdict { suppressed[reason, default: 0] += 1 }
      }
      counts += suppressed.map { (decided.position, $0.key, $0.value) }
    case .attempted(let attempt, let position, let recordedAt, let next):
      attempts.append(
        FoldedAttempt(attempt: attempt, position: position, recordedAt: recordedAt, next: next))
    case .cancelled, .delivered, .opened, .notShown, .ordered: break
    }
  }
}
