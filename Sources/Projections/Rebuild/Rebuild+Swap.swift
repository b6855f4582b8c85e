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
  /// After so many tries a swap takes what it finds: apps that do not come near are set right later,
  /// and more is folded under the locks.
  static let patientTries = 5
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
    do {
      let further = try await mendWhatIsDue(report)
      done.mended += further.rows
      done.failure = further.failure
      done.isMending = try await isMending()
    } catch {
      // It serves; whoever folds these apps next goes on.
      done.failure = "\(error)"
      done.isMending = true
    }
    return done
  }

  func takeOver() async throws -> Swap {
    let start = try await progress()
    try requireFoldable(start)
    guard start.left <= Self.nearEvents else {
      throw SwapRefusal.behind(ProjectionTables.projection, events: start.left)
    }
    var refusal = SwapRefusal.busy(ProjectionTables.projection)
    for number in 1...Self.swapTries {
      let isPatient = number <= Self.patientTries
      try requireFoldable(try await fold { _ in })
      var drift = DueDrift(pool)
      try await drift.find(near: isPatient ? Self.eventsInSwap : Self.nearEvents)
      try requireFoldable(try await fold { _ in })
      try await drift.lookAgain()
      do {
        let found = drift.apps
        let done = try await pool.transaction { connection in
          try await takeOver(found, isPatient: isPatient, on: connection)
        }
        if let done { return done }
        refusal = .behind(ProjectionTables.projection, events: try await progress().left)
      } catch let error as PostgresError where error.sqlState == "55P03" {
        refusal = .busy(ProjectionTables.projection)
      }
      guard number < Self.swapTries else { break }
      try await Task.sleep(for: Self.lockPatience * 2)
    }
    throw refusal
  }

  private func requireFoldable(_ progress: Progress) throws {
    guard progress.poisoned.isEmpty else { throw SwapRefusal.poisoned(progress.poisoned) }
  }

  /// - Parameter isPatient: Whether an app that follows, and is not near its end at this moment, is
  ///   waited for.
  /// - Returns: Nil where too much is left to fold; then what served goes on.
  func takeOver(
    _ drift: [AppID: DueDrift.AppDrift], isPatient: Bool, on connection: PostgresConnection
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
    let most = isPatient ? Self.eventsInSwap : Self.nearEvents
    let (now, later) = Self.plan(apps, drift)
    guard apps.reduce(0, { $0 + $1.besideLag }) <= most,
      !isPatient || !later.contains(where: { Self.comesNear($0, drift) })
    else { return nil }
    _ = try await connection.query(
      """
      update ledger.checkpoints set owner = null, leased_until = null, generation = generation + 1
      where projection = any ($1::text[]) and owner is not null
      """, Self.both)
    for standing in apps where standing.besideLag > 0 {
      guard try await finish(.beside, standing.app, connection) else { return nil }
    }
    // Up to where what is due is right already.
    var behind = Dictionary(uniqueKeysWithValues: later.map { ($0.app, Position(0)) })
    for standing in now where standing.servingLag != 0 {
      if try await !finish(.serving, standing.app, connection) {
        behind[standing.app] = 0
      }
    }
    _ = try await connection.query(
      "select ledger.swap_rebuild($1)", [ProjectionTables.projection])
    var mended: Int64 = 0
    for standing in now where behind[standing.app] == nil {
      guard let found = drift[standing.app] else { continue }
      if !found.places.isEmpty { mended += try await mend(standing.app, found.places, connection) }
      // Nobody has looked at what came after that.
      if found.from < standing.head { behind[standing.app] = found.from }
    }
    try await mendLater(behind, connection)
    return Swap(blocked: started.duration(to: .now), mended: mended)
  }

  /// Whether another moment may find the app near its end, with little to set right.
  private static func comesNear(
    _ app: Standing, _ drift: [AppID: DueDrift.AppDrift]
  ) -> Bool {
    guard let lag = app.servingLag, lag <= nearEvents else { return false }
    return drift[app.app].map { $0.places.count <= rowsInSwap } ?? true
  }

  /// Whose due rows can be set right at once, and whose cannot.
  private static func plan(
    _ apps: [Standing], _ drift: [AppID: DueDrift.AppDrift]
  ) -> (now: [Standing], later: [Standing]) {
    var (now, later): ([Standing], [Standing]) = ([], [])
    var (events, rows) = (Int64(0), 0)
    for standing in apps {
      if let lag = standing.servingLag, events + lag <= eventsInSwap,
        let found = drift[standing.app]?.places.count, rows + found <= rowsInSwap
      {
        (events, rows) = (events + lag, rows + found)
        now.append(standing)
      } else {
        later.append(standing)
      }
    }
    return (now, later)
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
    var head: Position
    var besideLag: Int64
    /// Nil where what serves does not follow: it stands still, or what is due is being set right.
    var servingLag: Int64?
  }

  /// Of all apps that have events: of others nothing is folded, and nothing can be due.
  private func standings(on connection: PostgresConnection) async throws -> [Standing] {
    let rows = try await connection.query(
      """
      select h.app, h.position, h.position - coalesce(n.position, 0),
        case when s.paused_at is null and s.failed_at is null and s.mended_to is null
          then h.position - coalesce(s.position, 0) end
      from ledger.heads h
      left join ledger.checkpoints n on n.app = h.app and n.projection = $2
      left join ledger.checkpoints s on s.app = h.app and s.projection = $1
      where h.position > 0 order by h.app
      """, [ProjectionTables.serving.checkpoint, ProjectionTables.beside.checkpoint])
    return try rows.map { row in
      Standing(
        app: AppID(unchecked: try row.get(0)), head: try row.get(1), besideLag: try row.get(2),
        servingLag: try row.optional(3))
    }
  }

  /// Folds what is left of an app's ledger, which does not grow meanwhile.
  /// - Returns: Whether its end was reached.
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
    _ app: AppID, _ places: [DueDrift.Place], _ connection: PostgresConnection
  ) async throws -> Int64 {
    try await connection.query(
      "select dispatch.mend_due($1, $2, $3, $4, $5)", DueDrift.parameters(app, places))[0].get(0)
  }

  /// - Parameter apps: Each with the position up to which what is due is right.
  private func mendLater(
    _ apps: [AppID: Position], _ connection: PostgresConnection
  ) async throws {
    var values = PostgresParameters()
    values.add(ProjectionTables.serving.checkpoint)
    values.add(array: apps.map(\.key.rawValue))
    values.add(array: apps.map(\.value))
    _ = try await connection.query(
      """
      update ledger.checkpoints c set cleared_to = l.position, mended_to = l.position
      from unnest($2::text[], $3::bigint[]) as l (app, position)
      where c.projection = $1 and c.app = l.app
      """, values)
  }

  /// Sets right what the swap left for later, where no projector does.
  /// - Returns: Rows that were added or removed here, and why it was not done for all apps.
  func mendWhatIsDue(
    _ report: @Sendable (AppID, Int64) -> Void = { _, _ in }
  ) async throws -> (rows: Int64, failure: String?) {
    var done: (rows: Int64, failure: String?) = (0, nil)
    var ours: Set<AppID> = []
    var others: Set<AppID> = []
    while let (app, left) = try await nextToMend(besides: others) {
      report(app, left)
      ours.insert(app)
      // One event at most is folded here, where a projector has set it right meanwhile.
      let step = ProjectionStep(app: app, owner: owner, eventsPerBatch: 1)
      do {
        if case .mended(let rows) = try await IsolatedStep(step, pool).run(held: HeldState()) {
          done.rows += rows
        } else {
          others.insert(app)
        }
      } catch {
        try Task.checkCancellation()
        done.failure = done.failure ?? "\(app): \(error)"
        others.insert(app)
      }
    }
    try await Checkpoints(pool).release(.serving, of: Array(ours), by: owner)
    return done
  }

  private func isMending() async throws -> Bool {
    try await pool.query(
      """
      select exists (
        select from ledger.checkpoints where projection = $1 and mended_to is not null)
      """, [ProjectionTables.serving.checkpoint])[0].get(0)
  }

  private func nextToMend(
    besides others: Set<AppID>
  ) async throws -> (app: AppID, left: Int64)? {
    var values = PostgresParameters()
    values.add(ProjectionTables.serving.checkpoint)
    values.add(array: others.map(\.rawValue))
    let rows = try await pool.query(
      """
      select app, (2 * position - coalesce(cleared_to, 0) - mended_to) / 2 from ledger.checkpoints
      where projection = $1 and mended_to is not null and app <> all ($2::text[])
      order by app limit 1
      """, values)
    return try rows.first.map { (AppID(unchecked: try $0.get(0)), try $0.get(1)) }
  }
}
