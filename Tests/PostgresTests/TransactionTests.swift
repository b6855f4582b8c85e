import Postgres
import TestSupport
import Testing

extension OnAServer {
  @Suite struct RunATransaction {
    private struct Stop: Error {}
    private static let count = "select count(*) from numbers"

    private func withNumbers(
      _ body: @Sendable (PostgresConnection) async throws -> Void
    ) async throws {
      try await withTestConnection { connection in
        try await connection.execute(
          "create table numbers (n int unique deferrable initially deferred)")
        try await body(connection)
      }
    }

    @Test func storesWhatTheBodyDid() async throws {
      try await withNumbers { connection in
        let answer = try await connection.transaction { connection in
          try await connection.query("insert into numbers values (1), (2)").affectedRows
        }
        #expect(answer == 2)
        #expect(try await connection.query(Self.count)[0].get(0, as: Int.self) == 2)
      }
    }

    @Test func storesNothingWhenTheBodyThrows() async throws {
      try await withNumbers { connection in
        await #expect(throws: Stop.self) {
          try await connection.transaction { connection in
            _ = try await connection.query("insert into numbers values (1)")
            throw Stop()
          }
        }
        try await connection.expectEmpty("numbers")
      }
    }

    @Test func saysSoWhenAFailureWasSwallowed() async throws {
      try await withNumbers { connection in
        let error = await failure {
          try await connection.transaction { connection in
            _ = try? await connection.query("select 1 / 0")
          }
        }
        #expect(error?.kind == .transactionAborted)
        try await connection.expectAnswers()
      }
    }

    @Test func reportsAFailureOfTheCommitItself() async throws {
      try await withNumbers { connection in
        let error = await failure {
          try await connection.transaction { connection in
            _ = try await connection.query("insert into numbers values (1), (1)")
          }
        }
        #expect(error?.kind == .uniqueViolation)
        #expect(error?.commitOutcomeUnknown == false)
      }
    }

    @Test func refusesATransactionInATransaction() async throws {
      try await withNumbers { connection in
        let error = await failure {
          try await connection.transaction { connection in
            try await connection.transaction { _ in }
          }
        }
        #expect(error?.kind == .misuse)
        try await connection.expectAnswers()
      }
    }

    @Test func rollsBackInACancelledTask() async throws {
      try await withNumbers { connection in
        let task = Task {
          try await connection.transaction { connection in
            _ = try await connection.query("insert into numbers values (1)")
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }
        #expect(await failure { try await task.value }?.kind == .cancelled)
        try await connection.expectEmpty("numbers")
      }
    }

    /// A deferred trigger ends the session while it commits, as a failing server would.
    @Test func saysThatTheOutcomeOfACommitIsUnknown() async throws {
      try await withNumbers { connection in
        try await connection.execute(
          """
          create function die() returns trigger language plpgsql as
            $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(60); end $$;
          create constraint trigger die after insert on numbers
            deferrable initially deferred for each row execute function die()
          """)
        let error = await failure {
          try await connection.transaction { connection in
            _ = try await connection.query("insert into numbers values (1)")
          }
        }
        #expect(error?.kind == .adminShutdown)
        #expect(error?.commitOutcomeUnknown == true)
        let next = await failure { _ = try await connection.query("select 1") }
        #expect(next?.kind == .adminShutdown && next?.commitOutcomeUnknown == false)
      }
    }

    @Test func knowsThatNothingWasStoredWhenTheBodyLostTheConnection() async throws {
      try await withNumbers { connection in
        let error = await failure {
          try await connection.transaction { connection in
            _ = try await connection.query("select pg_terminate_backend(pg_backend_pid())")
            _ = try await connection.query("select 1")
          }
        }
        #expect(error?.kind == .adminShutdown)
        #expect(error?.sqlState == "57P01")
        #expect(error?.isRetryable == true && error?.commitOutcomeUnknown == false)
      }
    }

    @Test func leavesTheOutcomeOfALoneStatementOpen() async throws {
      try await withNumbers { connection in
        let error = await failure {
          _ = try await connection.query(
            "select pg_terminate_backend(pg_backend_pid()), pg_sleep(9)")
        }
        #expect(error?.sqlState == "57P01" && error?.commitOutcomeUnknown == true)
      }
    }
  }
}
