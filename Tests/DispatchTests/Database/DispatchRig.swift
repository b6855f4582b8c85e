import Ledger
import Logging
import Postgres
import Projections
import PushCore
import PushDispatch
import ServiceLifecycle
import TestSupport
import Testing

import struct Foundation.UUID

/// Suites that need a server.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2))) struct OnADatabase {}

/// A migrated database with an app and a credential, and what is needed to let something become
/// due and to see what became of it.
struct DispatchRig: Sendable {
  static let app = AppID(unchecked: "shop")
  static let masterKeys = MasterKeys.random()

  let postgres: PostgresConfiguration
  let pool: PostgresPool

  static func run(
    lanes: Int = 8, _ body: @Sendable (DispatchRig) async throws -> Void
  ) async throws {
    try await withTestDatabase { url in
      let postgres = PostgresConfiguration(url, statementTimeout: .seconds(60))
      try await Migrator(postgres, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(postgres, limit: 4, logger: TestDatabase.logger)
      let rig = DispatchRig(postgres: postgres, pool: pool)
      try await Apps(pool).create(app)
      _ = try await pool.query(
        "update ledger.apps set lanes = $2 where app = $1", [app.rawValue, Int32(lanes)])
      try await ProviderCredentials(pool, keys: masterKeys).add(
        "main", provider: .apns, of: app,
        settings: ["team_id": "TEAM000001", "key_id": "KEY0000001"], secret: TestCredential.pem)
      try await body(rig)
      #expect(try await Verifier(pool).verify(app).isSound, "G5")
      await pool.close()
    }
  }

  // MARK: The ledger

  func append(_ events: [NewEvent]) async throws {
    let call = AppendStatement.call(events, to: Self.app)
    _ = try await pool.query(call.sql, call.parameters)
  }

  /// Appends events and folds all that is there.
  func project(_ events: [NewEvent] = []) async throws {
    if !events.isEmpty { try await append(events) }
    let projector = Projector(pool: pool, listener: nil, logger: TestDatabase.logger)
    try await projector.catchUp(Self.app)
    try await projector.release()
  }

  /// Attempts in the ledger, oldest first.
  func attempts() async throws -> [PushAttempt] {
    try await events(.pushAttempted).compactMap { event in
      if case .pushAttempted(let attempt) = try event.body() { attempt } else { nil }
    }
  }

  func events(_ type: EventType) async throws -> [NewEvent] {
    try await LedgerReader(pool).events(of: Self.app, after: 0, limit: EventPage.maximumLimit)
      .map(\.event).filter { $0.type == type }
  }

  func count(_ sql: String) async throws -> Int64 {
    try await pool.query("select count(*) from \(sql)")[0].get(0)
  }

  func due() async throws -> Int64 { try await count("dispatch.due") }

  /// What was handed out, is still due, and has no attempt in the ledger.
  func unrecorded() async throws -> Set<UUID> {
    let rows = try await pool.query(
      """
      select d.delivery_id from dispatch.handed_out h
      cross join unnest(h.deliveries, h.attempts) as e (delivery_id, attempt)
      join dispatch.due d on d.app = h.app and d.delivery_id = e.delivery_id
      where d.attempts + 1 = e.attempt
      """)
    return Set(try rows.map { try $0.get(0) })
  }

  // MARK: Dispatchers

  static func configure(
    _ change: (inout DispatcherConfiguration) -> Void = { _ in }
  ) -> DispatcherConfiguration {
    var configuration = DispatcherConfiguration()
    configuration.pollInterval = .milliseconds(100)
    configuration.tick = .milliseconds(5)
    configuration.requestDeadline = .milliseconds(500)
    configuration.requestGrace = .seconds(60)
    configuration.lease = .milliseconds(1_500)
    configuration.renewInterval = .milliseconds(200)
    configuration.retries.first = .milliseconds(10)
    change(&configuration)
    return configuration
  }

  func start(
    _ providers: ScriptedProvider..., configuration: DispatcherConfiguration = configure(),
    masterKeys: MasterKeys? = masterKeys, as name: String = "dispatch"
  ) -> RunningDispatcher {
    RunningDispatcher(
      postgres, providers, configuration, masterKeys: masterKeys, applicationName: name)
  }
}

/// A dispatcher at work, with connections of its own.
struct RunningDispatcher: Sendable {
  let dispatcher: Dispatcher
  private let group: ServiceGroup
  private let task: Task<Void, any Error>
  private let pool: PostgresPool
  private let listener: PostgresListener

  init(
    _ postgres: PostgresConfiguration, _ providers: [ScriptedProvider],
    _ configuration: DispatcherConfiguration, masterKeys: MasterKeys?, applicationName: String
  ) {
    var postgres = postgres
    postgres.applicationName = applicationName
    let pool = PostgresPool(
      postgres, limit: 4, acquireTimeout: .seconds(1), logger: TestDatabase.logger)
    let listener = PostgresListener(
      postgres, channels: DispatchChannels.all, logger: TestDatabase.logger)
    let dispatcher = Dispatcher(
      pool: pool, listener: listener, masterKeys: masterKeys, providers: providers,
      configuration: configuration, logger: TestDatabase.logger)
    let group = ServiceGroup(services: [dispatcher], logger: TestDatabase.logger)
    self.pool = pool
    self.listener = listener
    self.dispatcher = dispatcher
    self.group = group
    task = Task {
      do { try await group.run() } catch is ServiceGroupError {}
    }
  }

  /// In good order.
  func stop() async throws {
    await group.triggerGracefulShutdown()
    try await close()
  }

  /// As if the process had died.
  func kill() { task.cancel() }

  /// Waits until nothing of it runs any more.
  func close() async throws {
    _ = try? await task.value
    await listener.close()
    await pool.close()
  }
}

/// Asks again and again until the answer is yes; a test that never gets it fails by its time limit.
func eventually(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}
