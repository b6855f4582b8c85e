import Postgres
import TestSupport
import Testing

/// Everything that needs a server.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct OnAServer {}

/// The error of a call that must fail.
func failure(of body: () async throws -> Void) async -> PostgresError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? PostgresError
  }
}

/// Waits, on the server's side, until a condition holds there.
func waitUntil(
  _ condition: String, on connection: PostgresConnection,
  _ parameters: PostgresParameters = []
) async throws {
  let deadline = ContinuousClock.now + .seconds(20)
  while ContinuousClock.now < deadline {
    let result = try await connection.query("select (\(condition))", parameters)
    if try result[0].get(0, as: Bool.self) { return }
    await Task.yield()
  }
  Issue.record("The condition never held: \(condition)")
}

extension PostgresConnection {
  /// The connection is as good as new.
  func expectAnswers() async throws {
    let row = try await query("select $1", [7])[0]
    #expect(try row.get(0, as: Int.self) == 7)
  }

  func expectEmpty(_ table: String) async throws {
    let result = try await query("select from \(table) limit 1")
    #expect(result.isEmpty)
  }

  /// The server's process for this connection.
  func processID() async throws -> Int32 {
    try await query("select pg_backend_pid()")[0].get(0)
  }
}
