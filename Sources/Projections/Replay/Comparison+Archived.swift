import Postgres
import PushCore

// What came before a snapshot is compared with it: no events are there to fold it from.
extension Comparison {
  /// Compares the rows that do not change once they are decided; all others are compared at the end.
  mutating func compareArchived() async throws {
    guard let start else { return }
    try await compareArchived(ComparedTables.messages, upTo: start.position)
    try await compareArchived(ComparedTables.attempts, upTo: start.position)
    try await compareArchived(ComparedTables.counts, upTo: start.position)
    try await compareArchived(ComparedTables.standings, upTo: start.position)
  }

  private mutating func compareArchived<Row>(
    _ table: ComparedTable<Row>, upTo position: Position
  ) async throws {
    guard !isFull else { return }
    let call = table.call(
      app, as: ProjectionTables.snapshot.schema, upTo: position, limit: limit - report.drifts.count)
    report.drifts += try table.drifts(try await connection.query(call.sql, call.parameters))
  }
}
