import API
import Console
import Foundation
import Ledger
import Postgres
import Projections
import PushCore
import ServiceLifecycle
import TestSupport

/// The console as people have it: served over HTTP, beside the API, over a database of its own that
/// holds ``ConsoleHistory``, folded.
struct ConsoleServer: Sendable {
  static let app = AppID(unchecked: "chat")
  private static let connections = 6

  let pool: PostgresPool
  let port: Int
  private let group: ServiceGroup

  /// Where it is, as a browser is told it.
  var origin: String { "http://127.0.0.1:\(port)" }

  static func run(
    _ body: @escaping @Sendable (ConsoleServer) async throws -> Void
  ) async throws {
    let now = Timestamp.systemClock()
    try await withTestDatabase { url in
      let configuration = PostgresConfiguration(url, statementTimeout: .seconds(60))
      try await Migrator(configuration, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(configuration, limit: connections, logger: TestDatabase.logger)
      try await Apps(pool).create(app)
      try await record(until: now, configuration, pool)
      try await serve(now, configuration, pool, body)
      await pool.close()
    }
  }

  /// - Parameter now: What the console takes for the time, so that a page is twice the same.
  private static func serve(
    _ now: Timestamp, _ configuration: PostgresConfiguration, _ pool: PostgresPool,
    _ body: @escaping @Sendable (ConsoleServer) async throws -> Void
  ) async throws {
    let listener = PostgresListener(
      configuration, channels: APIService.channels, logger: TestDatabase.logger)
    let appender = Appender(configuration, logger: TestDatabase.logger)
    let keys = APIKeys(pool)
    let work = ConsoleWork(pool, logger: TestDatabase.logger)
    let console = try Console(
      ConsoleDependencies(pool: pool, keys: keys, work: work, version: "1.2.3", clock: { now }),
      logger: TestDatabase.logger)
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let service = try APIService(
      APIConfiguration(.tcp(host: "127.0.0.1", port: 0)),
      APIDependencies(
        appender: appender, pool: pool, keys: keys, listener: listener,
        pages: Pages(
          serves: { Console.serves($0) },
          respond: { request, channel in await console.respond(to: request, on: channel) })),
      logger: TestDatabase.logger
    ) { number in
      if let number { port.yield(number) }
    }
    let group = ServiceGroup(
      configuration: .init(services: [appender, work, service], logger: TestDatabase.logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      var numbers = ports.makeAsyncIterator()
      let server = ConsoleServer(pool: pool, port: await numbers.next() ?? 0, group: group)
      let outcome: Result<Void, any Error>
      do {
        outcome = .success(try await body(server))
      } catch {
        outcome = .failure(error)
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      try outcome.get()
    }
    await listener.close()
  }

  /// Takes no more requests, and ends what is live.
  func stop() async { await group.triggerGracefulShutdown() }

  func key(_ scopes: Set<APIScope>) async throws -> String {
    try await APIKeys(pool).create(for: Self.app, scopes: scopes).text
  }

  /// Appends events in the import form.
  func append(_ events: [JSON]) async throws { try await Self.append(events, pool) }

  /// Folds what was appended.
  func fold() async throws { try await Self.fold(pool) }

  /// Appends events in the import form and folds them.
  func record(_ events: [JSON]) async throws {
    try await append(events)
    try await fold()
  }

  /// The first column of what a query finds, as text.
  func texts(_ sql: String) async throws -> [String] {
    try await pool.query("select a::text from (\(sql)) as found (a)").map { try $0.get(0) }
  }

  /// What was done in the console, and with what; not who signed in.
  func audit() async throws -> [String] {
    try await texts(
      """
      select action || coalesce(': ' || (subject ->> 'reason'), '') from ledger.audit
      where action not like 'sign%' order by entry
      """)
  }

  private static func append(_ events: [JSON], _ pool: PostgresPool) async throws {
    let call = AppendStatement.call(
      try events.map { try EventDoor.event(from: $0, makeID: { UUID() }) }, to: app)
    _ = try await pool.query(call.sql, call.parameters)
  }

  private static func fold(_ pool: PostgresPool) async throws {
    let projector = Projector(pool: pool, listener: nil, logger: TestDatabase.logger)
    try await projector.catchUp(app)
    try await projector.release()
  }

  /// Records the history as if it had come in when it happened: the times of commits are put back,
  /// which only a superuser of the database can do.
  private static func record(
    until now: Timestamp, _ configuration: PostgresConfiguration, _ pool: PostgresPool
  ) async throws {
    let entries = ConsoleHistory.entries(of: app, until: now)
    var moment: [JSON] = []
    for (index, entry) in entries.enumerated() {
      moment.append(entry.json)
      if index + 1 < entries.count, entries[index + 1].at == entry.at { continue }
      try await append(moment, pool)
      moment = []
    }
    let server = try await PostgresConnection.connect(configuration, logger: TestDatabase.logger)
    try await server.execute("set session_replication_role = replica")
    try await server.execute(
      "update ledger.events set recorded_at = occurred_at + interval '30 milliseconds'")
    try await server.execute(
      """
      update ledger.commits c set recorded_at = e.recorded_at from ledger.events e
      where e.app = c.app and e.position = c.last_position
      """)
    await server.close()
    try await fold(pool)
  }
}
