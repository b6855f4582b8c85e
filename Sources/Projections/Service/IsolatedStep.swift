import Postgres
import PushCore

/// A batch, and where an event in it cannot be folded, the search for that event.
///
///     a batch fails for good ─► its events one by one ─► those before it are folded, it is named
///
/// What may go well another time (a lost connection, a deadlock, a full disk) names no event.
struct IsolatedStep {
  private let step: ProjectionStep
  private let pool: PostgresPool

  init(_ step: ProjectionStep, _ pool: PostgresPool) {
    self.step = step
    self.pool = pool
  }

  /// - Parameter held: The state to go on with, here and afterwards.
  func run(held: HeldState) async throws -> ProjectionStep.Progress {
    do {
      return try await transact(step, held)
    } catch  where Self.isPermanent(error) {
      return try await search(held)
    }
  }

  private func search(_ held: HeldState) async throws -> ProjectionStep.Progress {
    var single = step
    single.eventsPerBatch = 1
    for _ in 0..<step.eventsPerBatch {
      do {
        let progress = try await transact(single, held)
        guard case .folded = progress else { return progress }
      } catch  where Self.isPermanent(error) {
        let position = try await storedPosition()
        let event =
          error as? PoisonedEvent
          ?? PoisonedEvent(
            position: position + 1,
            reason: "the database refuses what it decides, SQLSTATE "
              + ((error as? PostgresError)?.sqlState ?? "unknown"))
        try await Checkpoints(pool).fail(step.tables, of: step.app, at: event)
        return .poisoned(event)
      }
    }
    return .folded(events: step.eventsPerBatch, pushes: 0)
  }

  /// When it fails, nothing is held any more.
  private func transact(
    _ step: ProjectionStep, _ held: HeldState
  ) async throws -> ProjectionStep.Progress {
    let (state, progress) = try await pool.transaction { connection in
      try await step.run(on: connection, held: held)
    }
    held.put(state)
    return progress
  }

  private func storedPosition() async throws -> Position {
    let rows = try await pool.query(
      "select position from ledger.checkpoints where app = $1 and projection = $2",
      [step.app.rawValue, step.tables.checkpoint])
    return try rows.first?.get(0) ?? 0
  }

  /// Data that does not fit (22), a broken constraint (23), a limit of the program (54).
  static func isPermanent(_ error: any Error) -> Bool {
    if error is PoisonedEvent { return true }
    guard let state = (error as? PostgresError)?.sqlState else { return false }
    return ["22", "23", "54"].contains(String(state.prefix(2)))
  }
}
