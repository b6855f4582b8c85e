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

  /// Lets the rebuild serve. Nothing can be appended while it happens: it folds what is left of the
  /// ledgers, changes the tables' names, and sets right what is due.
  ///
  /// - Throws: ``SwapRefusal``; then all is as it was.
  public func swap() async throws -> Swap {
    try await requireBegun()
    let now = try await progress()
    guard now.poisoned.isEmpty else { throw SwapRefusal.poisoned(now.poisoned) }
    guard now.left <= Self.nearEvents else {
      throw SwapRefusal.behind(ProjectionTables.projection, events: now.left)
    }
    for number in 1...Self.swapTries {
      let drift = try await dueDrift()
      do {
        let done = try await pool.transaction { connection in
          try await swap(drift, on: connection)
        }
        await Checkpoints(pool).dropServed(ProjectionTables.projection)
        return done
      } catch let error as PostgresError where error.sqlState == "55P03" {
        guard number < Self.swapTries else { throw SwapRefusal.busy(ProjectionTables.projection) }
        try await Task.sleep(for: Self.lockPatience * 2)
      }
    }
    throw SwapRefusal.busy(ProjectionTables.projection)
  }

  private func swap(
    _ drift: [AppID: [UUID]], on connection: PostgresConnection
  ) async throws -> Swap {
    try await connection.execute(
      "set local lock_timeout = \(Self.lockPatience.components.attoseconds / 1_000_000_000_000_000)"
    )
    let started = ContinuousClock.now
    let heads = try await connection.query(
      "select app, position from ledger.heads order by app for update")
    _ = try await connection.query(
      "select from ledger.checkpoints where projection = any ($1::text[]) order by app for update",
      Self.both)
    _ = try await connection.query(
      """
      update ledger.checkpoints set owner = null, leased_until = null, generation = generation + 1
      where projection = any ($1::text[]) and owner is not null
      """, Self.both)
    var mended: Int64 = 0
    var lagging: [AppID] = []
    // Of an app without events nothing is folded, and nothing can be due.
    for row in heads where try row.get(1, as: Position.self) > 0 {
      let app = AppID(unchecked: try row.get(0))
      try await finish(.beside, app, connection)
      if try await !finish(.serving, app, connection) { lagging.append(app) }
    }
    _ = try await connection.query(
      "select ledger.swap_rebuild($1)", [ProjectionTables.projection])
    for app in lagging { mended += try await mend(app, nil, connection) }
    for (app, deliveries) in drift where !lagging.contains(app) {
      mended += try await mend(app, deliveries, connection)
    }
    return Swap(blocked: started.duration(to: .now), mended: mended)
  }

  private static var both: PostgresParameters {
    var values = PostgresParameters()
    values.add(
      array: [ProjectionTables.serving.checkpoint, ProjectionTables.beside.checkpoint])
    return values
  }

  /// Folds what is left of an app's ledger, which does not grow meanwhile.
  /// - Returns: Whether its end was reached; what stands still does not.
  @discardableResult
  private func finish(
    _ tables: ProjectionTables, _ app: AppID, _ connection: PostgresConnection
  ) async throws -> Bool {
    let step = ProjectionStep(
      app: app, tables: tables, owner: owner, eventsPerBatch: configuration.eventsPerBatch)
    let held = HeldState()
    var folded: Int64 = 0
    while folded <= Self.nearEvents * 2 {
      let (state, progress) = try await step.run(on: connection, held: held)
      held.put(state)
      switch progress {
      case .folded(let events, _): folded += Int64(events)
      case .caughtUp: return true
      case .heldByAnother, .standsStill, .poisoned: return false
      }
    }
    return false
  }

  // MARK: What is due

  /// Deliveries that are due by one of the two and not by the other, most of them because one has
  /// followed the ledger further. They are looked at again under the swap's locks.
  private func dueDrift() async throws -> [AppID: [UUID]] {
    let rows = try await pool.query(
      """
      select d.app, d.delivery_id from \(ProjectionTables.beside.schema).deliveries d
      where d.status = 'due' and not exists (
        select from dispatch.due u
        where u.app = d.app and u.provider = d.provider and u.lane = d.lane
          and u.position = coalesce(d.due_position, d.position)
          and u.delivery_id = d.delivery_id)
      union all
      select u.app, u.delivery_id from dispatch.due u
      where not exists (
        select from \(ProjectionTables.beside.schema).deliveries d
        where d.app = u.app and d.delivery_id = u.delivery_id and d.status = 'due'
          and d.provider = u.provider and coalesce(d.due_position, d.position) = u.position)
      """, timeout: .seconds(600))
    var drift: [AppID: [UUID]] = [:]
    for row in rows {
      drift[AppID(unchecked: try row.get(0)), default: []].append(try row.get(1))
    }
    return drift
  }

  private func mend(
    _ app: AppID, _ deliveries: [UUID]?, _ connection: PostgresConnection
  ) async throws -> Int64 {
    guard let deliveries else {
      return try await connection.query(
        "select dispatch.mend_due($1, null)", [app.rawValue])[0].get(0)
    }
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: deliveries)
    return try await connection.query("select dispatch.mend_due($1, $2)", values)[0].get(0)
  }
}
