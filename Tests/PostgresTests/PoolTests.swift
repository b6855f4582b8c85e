import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

extension OnAServer {
  @Suite struct LendConnections {
    private struct Stop: Error {}

    private final class Busy: Sendable {
      private let state = Mutex((now: 0, most: 0))
      var most: Int { state.withLock { $0.most } }
      func begin() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
      func end() { state.withLock { $0.now -= 1 } }
    }

    private final class Order: Sendable {
      private let state = Mutex([Int]())
      var numbers: [Int] { state.withLock { $0 } }
      func add(_ number: Int) { state.withLock { $0.append(number) } }
    }

    private func withPool(
      limit: Int, acquireTimeout: Duration = .seconds(20), url: String? = nil,
      _ body: @Sendable (PostgresPool) async throws -> Void
    ) async throws {
      try await withTestDatabase { url in
        let pool = PostgresPool(
          PostgresConfiguration(url, applicationName: "pool"), limit: limit,
          acquireTimeout: acquireTimeout, logger: TestDatabase.logger)
        try await body(pool)
        await pool.close()
      }
    }

    /// Waits until so many callers stand in line.
    private func waitForLine(_ count: Int, in pool: PostgresPool) async {
      let deadline = ContinuousClock.now + .seconds(20)
      while pool.usage.waiting != count {
        if ContinuousClock.now > deadline {
          Issue.record("\(pool.usage.waiting) are waiting, not \(count).")
          return
        }
        await Task.yield()
      }
    }

    @Test func neverOpensMoreThanItsLimit() async throws {
      try await withPool(limit: 3) { pool in
        let busy = Busy()
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<200 {
            group.addTask {
              try await pool.withConnection { connection in
                busy.begin()
                let row = try await connection.query("select $1", [number])[0]
                #expect(try row.get(0, as: Int.self) == number)
                busy.end()
              }
            }
          }
          try await group.waitForAll()
        }
        #expect(busy.most <= 3)
        #expect(pool.usage.connections <= 3 && pool.usage.waiting == 0)
        let count = try await pool.query(
          """
          select count(*) from pg_stat_activity
          where application_name = 'pool' and datname = current_database()
          """)
        #expect(try count[0].get(0, as: Int.self) <= 3)
      }
    }

    @Test func servesInTheOrderOfAsking() async throws {
      try await withPool(limit: 1) { pool in
        let order = Order()
        let tasks = try await pool.withConnection { _ in
          var tasks: [Task<Void, any Error>] = []
          for number in 0..<10 {
            tasks.append(
              Task { try await pool.withConnection { _ in order.add(number) } })
            await waitForLine(number + 1, in: pool)
          }
          return tasks
        }
        for task in tasks { try await task.value }
        #expect(order.numbers == Array(0..<10))
      }
    }

    @Test func refusesWhoWaitsTooLong() async throws {
      try await withPool(limit: 1, acquireTimeout: .seconds(5)) { pool in
        try await pool.withConnection { _ in
          let error = await failure { _ = try await pool.query("select 1") }
          #expect(error?.kind == .poolTimeout && error?.isRetryable == true)
        }
        #expect(try await pool.query("select 1").count == 1)
      }
    }

    @Test func letsACancelledWaiterGo() async throws {
      try await withPool(limit: 1) { pool in
        try await pool.withConnection { _ in
          let task = Task { _ = try await pool.query("select 1") }
          await waitForLine(1, in: pool)
          task.cancel()
          #expect(await failure { try await task.value }?.kind == .cancelled)
          #expect(pool.usage.waiting == 0)
        }
        #expect(try await pool.query("select 1").count == 1)
      }
    }

    @Test func rollsBackWhatWasLeftOpen() async throws {
      try await withPool(limit: 1) { pool in
        let process = try await pool.withConnection { connection in
          try await connection.execute("create table numbers (n int)")
          try await connection.execute("begin; insert into numbers values (1)")
          return try await connection.processID()
        }
        #expect(try await pool.query("select from numbers").isEmpty)
        await #expect(throws: Stop.self) {
          try await pool.withConnection { connection in
            try await connection.execute("begin")
            _ = try? await connection.query("select 1 / 0")
            throw Stop()
          }
        }
        #expect(try await pool.query("select pg_backend_pid()")[0].get(0) == process)
      }
    }

    @Test func keepsNoConnectionThatListens() async throws {
      try await withPool(limit: 1) { pool in
        let process = try await pool.withConnection { connection in
          _ = try await connection.listen(to: ["one"])
          return try await connection.processID()
        }
        #expect(try await pool.query("select pg_backend_pid()")[0].get(0) != process)
      }
    }

    /// A connection may end after it was lent, so each of the old ones may fail one call.
    private func answerInTheEnd(_ pool: PostgresPool) async throws {
      for _ in 0..<8 {
        let error = await failure { _ = try await pool.query("select pg_sleep(0.01)") }
        guard let error else { return }
        #expect(error.isRetryable)
      }
      Issue.record("The pool never got over the end of its connections.")
    }

    @Test func replacesConnectionsThatTheServerEnded() async throws {
      try await withPool(limit: 4) { pool in
        for round in 0..<5 {
          try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
              group.addTask { try await answerInTheEnd(pool) }
            }
            try await group.waitForAll()
          }
          let lent = await failure {
            try await pool.withConnection { connection in
              _ = try await connection.query(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where application_name = 'pool' and datname = current_database()
                order by pid = pg_backend_pid()
                """)
            }
          }
          #expect(lent?.kind == .adminShutdown, "round \(round)")
          #expect(lent?.isRetryable == true)
        }
      }
    }

    @Test func waitsForAServerThatComesBack() async throws {
      try await withTestDatabase { url in
        let admin = try await PostgresConnection.connect(
          PostgresConfiguration(TestDatabase.url ?? ""), logger: TestDatabase.logger)
        let row = try await PostgresConnection.connect(
          PostgresConfiguration(url), logger: TestDatabase.logger
        ).query("select current_database()")[0]
        let name = try row.get(0, as: String.self)
        try await admin.execute("alter database \(name) connection limit 0")
        // The server may ask for a password: libpq sends the one that the tests are run with.
        let password = ProcessInfo.processInfo.environment["PGPASSWORD"] ?? ""
        try await admin.execute(
          "create role \(name) login password '\(password)'; "
            + "grant all on database \(name) to \(name)")
        let pool = PostgresPool(
          PostgresConfiguration(TestDatabase.url(url, adding: ["user=\(name)"])), limit: 2,
          acquireTimeout: .seconds(20), logger: TestDatabase.logger)
        let task = Task { try await pool.query("select 1").count }
        let short = PostgresPool(
          PostgresConfiguration(TestDatabase.url(url, adding: ["user=\(name)"])), limit: 2,
          acquireTimeout: .seconds(3), logger: TestDatabase.logger)
        let error = await failure { _ = try await short.query("select 1") }
        #expect(error?.kind == .poolTimeout)
        #expect(error?.message.contains("53300") == true)
        try await admin.execute("alter database \(name) connection limit 10")
        #expect(try await task.value == 1)
        await pool.close()
        await short.close()
        try await admin.execute("drop owned by \(name); drop role \(name)")
      }
    }

    @Test func failsAtOnceWhenWaitingCannotHelp() async throws {
      let url = TestDatabase.url(TestDatabase.url ?? "", database: "does_not_exist")
      let pool = PostgresPool(
        PostgresConfiguration(url), limit: 2, logger: TestDatabase.logger)
      let error = await failure { _ = try await pool.query("select 1") }
      #expect(error?.kind == .connectionRefused && error?.sqlState == "3D000")
      #expect(error?.isRetryable == false)
    }

    @Test func refusesEverythingWhenClosed() async throws {
      try await withPool(limit: 1) { pool in
        try await pool.withConnection { _ in
          let task = Task { _ = try await pool.query("select 1") }
          await waitForLine(1, in: pool)
          await pool.close()
          #expect(await failure { try await task.value }?.kind == .closed)
        }
        #expect(await failure { _ = try await pool.query("select 1") }?.kind == .closed)
        #expect(pool.usage.connections == 0)
      }
    }

    @Test func givesUpWhatIsBeingOpenedWhenClosed() async throws {
      let url = try #require(TestDatabase.url)
      let (proxy, behind) = try await Proxy.standing(before: url)
      defer { proxy.stop() }
      proxy.fallSilent()
      let pool = PostgresPool(
        PostgresConfiguration(behind), limit: 2, logger: TestDatabase.logger)
      let asking = Task { try await pool.query("select 1") }
      await waitForLine(1, in: pool)
      #expect(pool.usage.connections == 1)
      await pool.close()
      #expect(pool.usage.connections == 0)
      #expect(await failure { _ = try await asking.value }?.kind == .closed)
    }
  }
}
