import Postgres
import TestSupport
import Testing

extension OnAServer {
  @Suite struct EndAStatementEarly {
    private static let sleeping = """
      exists (select from pg_stat_activity where pid = $1 and state = 'active'
        and wait_event = 'PgSleep')
      """

    @Test func cancelsOnTheServerAndStaysUsable() async throws {
      try await withTestDatabase { url in
        let configuration = PostgresConfiguration(url)
        let connection = try await PostgresConnection.connect(
          configuration, logger: TestDatabase.logger)
        let observer = try await PostgresConnection.connect(
          configuration, logger: TestDatabase.logger)
        let process = try await connection.processID()
        for _ in 0..<20 {
          let task = Task { _ = try await connection.query("select pg_sleep(60)") }
          try await waitUntil(Self.sleeping, on: observer, [process])
          task.cancel()
          #expect(await failure { try await task.value }?.kind == .cancelled)
          #expect(try await connection.query("select $1", [7])[0].get(0, as: Int.self) == 7)
        }
        #expect(try await connection.processID() == process)
      }
    }

    @Test func neverHitsTheNextStatement() async throws {
      try await withTestConnection { connection in
        for round in 0..<300 {
          let task = Task { _ = try await connection.query("select $1", [round]) }
          if round % 3 == 0 { await Task.yield() }
          task.cancel()
          _ = await task.result
          let row = try await connection.query("select $1", [round])[0]
          #expect(try row.get(0, as: Int.self) == round)
        }
      }
    }

    @Test func sendsNothingForATaskThatIsCancelledAlready() async throws {
      try await withTestConnection { connection in
        try await connection.execute("create table numbers (n int)")
        let task = Task {
          withUnsafeCurrentTask { $0?.cancel() }
          _ = try await connection.query("insert into numbers values (1)")
        }
        #expect(await failure { try await task.value }?.kind == .cancelled)
        try await connection.expectEmpty("numbers")
      }
    }

    @Test func obeysTheServersTimeLimit() async throws {
      try await withTestConnection(statementTimeout: .milliseconds(50)) { connection in
        let error = await failure { _ = try await connection.query("select pg_sleep(60)") }
        #expect(error?.kind == .statementTimeout && error?.sqlState == "57014")
        try await connection.expectAnswers()
      }
    }

    @Test func obeysAShorterLimitOfOneCall() async throws {
      try await withTestConnection { connection in
        let error = await failure {
          _ = try await connection.query("select pg_sleep(60)", timeout: .milliseconds(50))
        }
        #expect(error?.kind == .statementTimeout)
        try await connection.expectAnswers()
      }
    }

    @Test func obeysALongerLimitOfOneCall() async throws {
      try await withTestConnection(statementTimeout: .milliseconds(300)) { connection in
        _ = try await connection.query("select pg_sleep(0.5)", timeout: .seconds(20))
        let error = await failure { _ = try await connection.query("select pg_sleep(60)") }
        #expect(error?.kind == .statementTimeout)
        try await connection.execute("select pg_sleep(0.5)", timeout: .seconds(20))
        let row = try await connection.query("select current_setting('statement_timeout')")[0]
        #expect(try row.get(0, as: String.self) == "300ms")
      }
    }

    @Test func tellsAnotherUsersCancelFromATimeLimit() async throws {
      try await withTestDatabase { url in
        let configuration = PostgresConfiguration(url)
        let connection = try await PostgresConnection.connect(
          configuration, logger: TestDatabase.logger)
        let other = try await PostgresConnection.connect(
          configuration, logger: TestDatabase.logger)
        let process = try await connection.processID()
        let task = Task { _ = try await connection.query("select pg_sleep(60)") }
        try await waitUntil(Self.sleeping, on: other, [process])
        _ = try await other.query("select pg_cancel_backend($1)", [process])
        #expect(await failure { try await task.value }?.kind == .cancelled)
      }
    }
  }
}
