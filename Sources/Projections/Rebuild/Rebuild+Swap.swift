import Foundation
import Ledger
import Postgres
public import PushCore

/// Why a rebuild cannot take over yet.
public enum SwapRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// Nobody began one of this projection.
  case notBegun(String)
  /// Too much is left to fold.
  case behind(String, events: Int64)
  /// Another process holds what the swap needs.
  case busy(String)
  /// Apps of which an event cannot be folded.
  case poisoned([AppID])

  public var description: String {
    switch self {
    case .notBegun(let name):
      "The projection \(name) is not being rebuilt. Begin with: "
        + "pushledger projections rebuild \(name)"
    case .behind(let name, let events):
      "The rebuild has \(events) events to fold. Go on with it: "
        + "pushledger projections rebuild \(name)"
    case .busy(let name):
      "Somebody reads or folds for longer than a swap waits. Try again: "
        + "pushledger projections swap \(name)"
    case .poisoned(let apps):
      "An event cannot be folded in \(apps.map(\.rawValue).joined(separator: ", ")). See it with "
        + "pushledger projections status, mend it or skip it, then go on with the rebuild."
    }
  }
}

extension Rebuild {
  /// How long a swap waits for a lock before it lets everybody else go first.
  static let lockPatience = Duration.milliseconds(100)
  static let swapTries = 50
  /// Events that each of the two may have to fold while nothing can be appended.
  static let eventsInSwap: Int64 = 500
  /// Rows of what is due that are set right meanwhile; what needs more is set right afterwards.
  static let rowsInSwap = 1_000

  /// Lets the rebuild serve. Nothing can be appended while it happens: it folds what is left of the
  /// ledgers and changes the tables' names.
  ///
  ///     near their ends ─► heads locked ─► the rest folded ─► names changed ─► what is due set right
  ///                                              both: a few events        few rows now, many later
  ///
  /// What is due goes by what served. Where that is near its ledger's end, it is folded to the end,
  /// too, and what is due and should not be, or the other way round, is set right at once. Where it is
  /// far from it, or stands still, or much is to be set right, this is done after the swap, part by
  /// part, before anything more is folded for that app: by this process, or by a projector.
  ///
  /// - Parameter report: Called while what is due is set right after the swap, with how many messages
  ///   of an app are left to look at.
  /// - Throws: ``SwapRefusal``; then all is as it was.
  public func swap(
    _ report: @escaping @Sendable (AppID, Int64) -> Void = { _, _ in }
  ) async throws -> Swap {
    try await requireBegun()
    var done = try await takeOver()
    await Checkpoints(pool).dropServed(ProjectionTables.projection)
    done.mended += try await mendWhatIsDue(report)
    return done
  }

  private func takeOver() async throws -> Swap {
    let start = try await progress()
    try requireFoldable(start)
    guard start.left <= Self.nearEvents else {
      throw SwapRefusal.behind(ProjectionTables.projection, events: start.left)
    }
    for number in 1...Self.swapTries {
      let drift = try await DueDrift(pool).find(near: Self.eventsInSwap, limit: Self.rowsInSwap)
      try requireFoldable(try await fold { _ in })
      do {
        let done = try await pool.transaction { connection in
          try await takeOver(drift, on: connection)
        }
        if let done { return done }
      } catch let error as PostgresError where error.sqlState == "55P03" {}
      guard number < Self.swapTries else { break }
      try await Task.sleep(for: Self.lockPatience * 2)
    }
    throw SwapRefusal.busy(ProjectionTables.projection)
  }

  private func requireFoldable(_ progress: Progress) throws {
    guard progress.poisoned.isEmpty else { throw SwapRefusal.poisoned(progress.poisoned) }
  }

  /// - Returns: Nil where too much came to be folded meanwhile; then nothing has happened.
  private func takeOver(
    _ drift: [AppID: [UUID]], on connection: PostgresConnection
  ) async throws -> Swap? {
    try await connection.execute(
      "set local lock_timeout = \(Self.lockPatience.components.attoseconds / 1_000_000_000_000_000)"
    )
    let started = ContinuousClock.now
    _ = try await connection.query("select from ledger.heads order by app for update")
    _ = try await connection.query(
      "select from ledger.checkpoints where projection = any ($1::text[]) order by app for update",
      Self.both)
    let apps = try await standings(on: connection)
    guard apps.reduce(0, { $0 + $1.besideLag }) <= Self.eventsInSwap else { return nil }
    _ = try await connection.query(
      """
      update ledger.checkpoints set owner = null, leased_until = null, generation = generation + 1
      where projection = any ($1::text[]) and owner is not null
      """, Self.both)
    var later: [AppID] = []
    var now: [AppID] = []
    var (events, rows) = (Int64(0), 0)
    for standing in apps {
      let app = standing.app
      try await finish(.beside, app, connection)
      if let lag = standing.servingLag, events + lag <= Self.eventsInSwap,
        let due = drift[app]?.count, rows + due <= Self.rowsInSwap,
        try await finish(.serving, app, connection)
      {
        (events, rows) = (events + lag, rows + due)
        if due > 0 { now.append(app) }
      } else {
        later.append(app)
      }
    }
    _ = try await connection.query(
      "select ledger.swap_rebuild($1)", [ProjectionTables.projection])
    var mended: Int64 = 0
    for app in now { mended += try await mend(app, drift[app] ?? [], connection) }
    try await mendLater(later, connection)
    return Swap(blocked: started.duration(to: .now), mended: mended)
  }

  private static var both: PostgresParameters {
    var values = PostgresParameters()
    values.add(
      array: [ProjectionTables.serving.checkpoint, ProjectionTables.beside.checkpoint])
    return values
  }

  // MARK: Folding what is left

  /// How far both are from an app's end.
  private struct Standing {
    var app: AppID
    var besideLag: Int64
    /// Nil where what serves does not follow: it stands still, or what is due is being set right.
    var servingLag: Int64?
  }

  /// Of all apps that have events: of others nothing is folded, and nothing can be due.
  private func standings(on connection: PostgresConnection) async throws -> [Standing] {
    let rows = try await connection.query(
      """
      select h.app, h.position - coalesce(n.position, 0),
        case when s.paused_at is null and s.failed_at is null and s.mended_to is null
          then h.position - coalesce(s.position, 0) end
      from ledger.heads h
      left join ledger.checkpoints n on n.app = h.app and n.projection = $2
      left join ledger.checkpoints s on s.app = h.app and s.projection = $1
      where h.position > 0 order by h.app
      """, [ProjectionTables.serving.checkpoint, ProjectionTables.beside.checkpoint])
    return try rows.map { row in
      Standing(
        app: AppID(unchecked: try row.get(0)), besideLag: try row.get(1),
        servingLag: try row.optional(2))
    }
  }

  /// Folds what is left of an app's ledger, which does not grow meanwhile.
  /// - Returns: Whether its end was reached.
  @discardableResult
  private func finish(
    _ tables: ProjectionTables, _ app: AppID, _ connection: PostgresConnection
  ) async throws -> Bool {
    let step = ProjectionStep(
      app: app, tables: tables, owner: owner, eventsPerBatch: configuration.eventsPerBatch)
    let held = HeldState()
    while true {
      let (state, progress) = try await step.run(on: connection, held: held)
      held.put(state)
      if !progress.goesOn { return progress == .caughtUp }
    }
  }

  // MARK: What is due

  private func mend(
    _ app: AppID, _ deliveries: [UUID], _ connection: PostgresConnection
  ) async throws -> Int64 {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: deliveries)
    return try await connection.query("select dispatch.mend_due($1, $2)", values)[0].get(0)
  }

  private func mendLater(_ apps: [AppID], _ connection: PostgresConnection) async throws {
    var values = PostgresParameters()
    values.add(ProjectionTables.serving.checkpoint)
    values.add(array: apps.map(\.rawValue))
    _ = try await connection.query(
      """
      update ledger.checkpoints set mended_to = 0
      where projection = $1 and app = any ($2::text[])
      """, values)
  }

  /// Sets right what the swap left for later, where no projector does.
  /// - Returns: Rows that were added or removed here.
  private func mendWhatIsDue(
    _ report: @Sendable (AppID, Int64) -> Void
  ) async throws -> Int64 {
    var mended: Int64 = 0
    var ours: Set<AppID> = []
    var others: Set<AppID> = []
    while let (app, left) = try await nextToMend(besides: others) {
      report(app, left)
      let step = ProjectionStep(
        app: app, owner: owner, eventsPerBatch: configuration.eventsPerBatch)
      switch try await IsolatedStep(step, pool).run(held: HeldState()) {
      case .mended(let rows):
        mended += rows
        ours.insert(app)
      default: others.insert(app)
      }
    }
    try await Checkpoints(pool).release(.serving, of: Array(ours), by: owner)
    return mended
  }

  private func nextToMend(
    besides others: Set<AppID>
  ) async throws -> (app: AppID, left: Int64)? {
    var values = PostgresParameters()
    values.add(ProjectionTables.serving.checkpoint)
    values.add(array: others.map(\.rawValue))
    let rows = try await pool.query(
      """
      select app, position - mended_to from ledger.checkpoints
      where projection = $1 and mended_to is not null and app <> all ($2::text[])
      order by app limit 1
      """, values)
    return try rows.first.map { (AppID(unchecked: try $0.get(0)), try $0.get(1)) }
  }
}
