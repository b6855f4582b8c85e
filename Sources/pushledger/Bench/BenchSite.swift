import Foundation
import Ledger
import Logging
import Postgres
import PushCore
import ServiceLifecycle
import Synchronization

/// Where a benchmark runs: a database of its own on the server, dropped at its end.
struct BenchSite: Sendable {
  let settings: Settings
  /// Of the benchmark's own database.
  let postgres: PostgresConfiguration
  let logger: Logger
  /// As short-lived as the database.
  let masterKeys = MasterKeys.random()

  /// - Parameter admin: A connection to the server that may create databases.
  static func run<Answer: Sendable>(
    _ settings: Settings, _ admin: PostgresConfiguration, _ logger: Logger,
    _ body: (BenchSite) async throws -> Answer
  ) async throws -> Answer {
    let name = "pushledger_bench_" + UUID().uuidString.prefix(8).lowercased()
    let server = try await PostgresConnection.connect(admin, logger: logger)
    try await server.execute("create database \(name) encoding 'UTF8' template template0")
    let answer: Result<Answer, any Error>
    do {
      let postgres = PostgresConfiguration(
        admin.connectionString.isEmpty
          ? "dbname=\(name)" : url(admin.connectionString, database: name),
        applicationName: "pushledger bench", statementTimeout: Session.statementTimeout)
      try await Migrator(postgres, logger: logger).migrate()
      answer = .success(
        try await body(BenchSite(settings: settings, postgres: postgres, logger: logger)))
    } catch {
      answer = .failure(error)
    }
    try await server.execute("drop database if exists \(name) with (force)")
    await server.close()
    return try answer.get()
  }

  /// The same address with another database.
  private static func url(_ url: String, database: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url + " dbname=" + database }
    let rest = url[scheme.upperBound...]
    let query = rest.firstIndex(of: "?") ?? rest.endIndex
    let authority = rest[..<query].firstIndex(of: "/") ?? query
    return url[..<scheme.upperBound] + rest[..<authority] + "/" + database + rest[query...]
  }

  /// Lends some connections.
  func withPool<Answer: Sendable>(
    _ limit: Int = 4, _ body: (PostgresPool) async throws -> Answer
  ) async throws -> Answer {
    let pool = PostgresPool(postgres, limit: limit, logger: logger)
    do {
      let answer = try await body(pool)
      await pool.close()
      return answer
    } catch {
      await pool.close()
      throw error
    }
  }

  /// Runs roles as long as `body` takes.
  func withRoles<Answer: Sendable>(
    _ add: (inout Roles) throws -> Void, _ body: @escaping @Sendable () async throws -> Answer
  ) async throws -> Answer {
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    try add(&roles)
    let work = BenchWork(body: body)
    try await roles.run([work])
    guard let answer = work.answer.withLock({ $0 }) else { throw CancellationError() }
    return answer
  }
}

/// What is measured, as a service beside the roles: they stop when it is done.
private final class BenchWork<Answer: Sendable>: Service {
  let answer = Mutex<Answer?>(nil)
  private let body: @Sendable () async throws -> Answer

  init(body: @escaping @Sendable () async throws -> Answer) { self.body = body }

  func run() async throws {
    let found = try await cancelWhenGracefulShutdown { try await self.body() }
    answer.withLock { $0 = found }
  }
}

/// How long something took.
struct Stopwatch {
  private let start = ContinuousClock.now

  var seconds: Double { max((ContinuousClock.now - start).seconds, 1e-9) }
}
