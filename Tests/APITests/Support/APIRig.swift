import AsyncHTTPClient
import Ledger
import Logging
import Postgres
import Projections
import PushCore
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import API

/// A running API over a database of its own: `ann`'s app is `demo`, and there is an app `other`.
struct APIRig: Sendable {
  static let demo = AppID(unchecked: "demo")
  static let other = AppID(unchecked: "other")

  let pool: PostgresPool
  let port: Int
  let appender: Appender
  /// A key of `demo` with all scopes.
  let key: String
  /// A key of `other` with all scopes.
  let otherKey: String
  /// What `ann`, user of `demo`, signs with.
  let signature: String
  let routes: [Route]
  let tencentCommands: [String]
  /// Nil where nothing folds.
  let projector: Projector?

  struct Setup: Sendable {
    var limits = AppendLimits()
    var appends = true
    var projects = true
    var logger = TestDatabase.logger
    var configure: @Sendable (inout APIDependencies) -> Void = { _ in }
    var configuration = APIConfiguration(.tcp(host: "127.0.0.1", port: 0))
  }

  static func run(
    _ setup: Setup = Setup(), _ body: @escaping @Sendable (APIRig) async throws -> Void
  ) async throws {
    try await withTestDatabase { url in
      let configuration = PostgresConfiguration(url, statementTimeout: .seconds(60))
      try await Migrator(configuration, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(configuration, limit: 8, logger: TestDatabase.logger)
      try await Apps(pool).create(Self.demo)
      try await Apps(pool).create(Self.other)
      try await serve(setup, configuration, pool, body)
      await pool.close()
    }
  }

  private static func serve(
    _ setup: Setup, _ configuration: PostgresConfiguration, _ pool: PostgresPool,
    _ body: @escaping @Sendable (APIRig) async throws -> Void
  ) async throws {
    let listener = PostgresListener(
      configuration, channels: APIService.channels, logger: TestDatabase.logger)
    let appender = Appender(configuration, limits: setup.limits, logger: TestDatabase.logger)
    let keys = APIKeys(pool)
    var parts = APIDependencies(appender: appender, pool: pool, keys: keys, listener: listener)
    setup.configure(&parts)
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let service = try APIService(
      setup.configuration, parts, logger: setup.logger
    ) { number in
      if let number { port.yield(number) }
    }
    var services: [any Service] = [service]
    if setup.appends { services.append(appender) }
    let projector = Projector(pool: pool, listener: listener, logger: TestDatabase.logger)
    if setup.projects { services.append(projector) }
    let group = ServiceGroup(
      configuration: .init(services: services.reversed(), logger: TestDatabase.logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      var numbers = ports.makeAsyncIterator()
      let rig = APIRig(
        pool: pool, port: await numbers.next() ?? 0, appender: appender,
        key: try await keys.create(for: demo, scopes: Set(APIScope.allCases)).text,
        otherKey: try await keys.create(for: other, scopes: Set(APIScope.allCases)).text,
        signature: try await signature(in: pool),
        routes: service.routes.table.routes,
        tencentCommands: service.routes.tencentCommands, projector: setup.projects ? projector : nil
      )
      let outcome: Result<Void, any Error>
      do {
        outcome = .success(try await body(rig))
      } catch {
        outcome = .failure(error)
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      try outcome.get()
    }
    await listener.close()
  }

  /// Makes `demo` an app of Tencent's, and signs for `ann`.
  private static func signature(in pool: PostgresPool) async throws -> String {
    let secret = "a key that only these tests have"
    try await TencentApps(pool).put(
      1_500_000_000, for: demo, administrators: ["administrator"], secretKey: secret)
    let sig = try UserSig(
      identifier: "ann", sdkAppID: 1_500_000_000, issuedAt: 1_700_000_000,
      lifetime: 10_000_000_000, secretKey: secret)
    return sig.text
  }

  /// The headers with which a route is asked as it wants.
  func headers(for route: Route) -> [(String, String)] {
    route.isSigned ? [("Authorization", "UserSig \(signature)")] : []
  }

  /// A key of `demo` with some scopes.
  func key(_ scopes: Set<APIScope>) async throws -> String {
    try await APIKeys(pool).create(for: Self.demo, scopes: scopes).text
  }

  func head(of app: AppID = demo) async throws -> Position {
    try await LedgerReader(pool).head(of: app)
  }

  func events(of app: AppID = demo) async throws -> [RecordedEvent] {
    try await LedgerReader(pool).events(of: app, after: 0, limit: EventPage.maximumLimit)
  }
}

/// Asks again and again until the answer is yes; a test that never gets it fails by its time limit.
func eventually(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
