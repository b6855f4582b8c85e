import Postgres
import PushCore

/// Folds an app's ledger to its end, one batch while the one before is being stored: so neither this
/// process nor the server waits for the other.
///
///     fold 1 ─► fold 2 ─► fold 3 ─► …
///               store 1 ─► store 2 ─► …
///
/// A batch is folded over what is held in memory, which is ahead of the tables by the batch that is
/// being stored, and stored behind the checkpoint that it follows: where that moved without it, it
/// is thrown away and folded again.
actor FoldAhead {
  private let step: ProjectionStep
  private let pool: PostgresPool
  private let held = HeldState()
  private var made: Set<String> = []
  private var batches = 0

  init(_ step: ProjectionStep, _ pool: PostgresPool) {
    self.step = step
    self.pool = pool
  }

  /// - Parameter stored: Called after each batch.
  func run(_ stored: @Sendable () async throws -> Void) async throws {
    repeat {
      do {
        try await foldToEnd(stored)
      } catch  where IsolatedStep.isPermanent(error) {
        // Which event it is is found over the tables as they are.
      }
      _ = held.take()
      let progress = try await IsolatedStep(step, pool).run(held: held)
      guard case .folded = progress else { return }
      try await stored()
    } while true
  }

  private func foldToEnd(_ stored: @Sendable () async throws -> Void) async throws {
    var batch = try await fold()
    while let current = batch {
      try Task.checkCancellation()
      if held.following == nil {
        // What it grew to was more than is held: the next batch is read from the tables.
        guard try await store(current) else { return }
        try await gatherStatistics()
        batch = try await fold()
      } else {
        async let next = fold()
        guard try await store(current) else { return }
        try await gatherStatistics()
        batch = try await next
      }
      try await stored()
    }
  }

  /// Tables double in the first, second, fourth batch and so on.
  private func gatherStatistics() async throws {
    batches += 1
    if batches & (batches - 1) == 0 { _ = try await pool.query("select ledger.analyze_young()") }
  }

  private func fold() async throws -> FoldedBatch? {
    let (state, batch) = try await pool.transaction { [step, held] connection in
      try await step.foldAhead(on: connection, held: held)
    }
    held.put(state)
    return batch
  }

  private func store(_ batch: FoldedBatch) async throws -> Bool {
    if step.tables == .beside, !batch.needs.isSubset(of: made) {
      // In a transaction of its own: no other that folds another app waits for this one.
      var values = PostgresParameters()
      values.add(ProjectionTables.projection)
      values.add(array: Array(batch.needs))
      _ = try await pool.query(
        "select ledger.complete_rebuild($1, $2)", values, timeout: .seconds(3_600))
      made.formUnion(batch.needs)
    }
    return try await pool.transaction { [step] connection in
      try await step.store(batch, on: connection)
    }
  }
}
