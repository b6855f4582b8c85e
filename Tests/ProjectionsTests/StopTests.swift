import Postgres
import Projections
import ServiceLifecycle
import TestSupport
import Testing

@Suite("Stop projecting", .timeLimit(.minutes(2)))
struct StopProjecting {
  enum Kind: CaseIterable { case notifications, added }

  @Test(
    "ends at once while the database is away, whatever was signalled before",
    arguments: Kind.allCases)
  func stopsWhileTheDatabaseIsAway(kind: Kind) async throws {
    // Whoever waits for a connection waits for longer than this test may last.
    let pool = PostgresPool(
      PostgresConfiguration("postgresql://127.0.0.1:1/none"), limit: 1,
      acquireTimeout: .seconds(3_600), logger: TestDatabase.logger)
    let group = ServiceGroup(
      configuration: .init(services: [projector(kind, pool)], logger: TestDatabase.logger))
    async let running: Void = group.run()
    while pool.usage.waiting == 0 { await Task.yield() }
    await group.triggerGracefulShutdown()
    try await running
    #expect(pool.usage.waiting == 0)
    await pool.close()
  }

  /// One that gathers many polls behind the first, which waits.
  private func projector(_ kind: Kind, _ pool: PostgresPool) -> any Service {
    switch kind {
    case .notifications:
      var configuration = Projector.Configuration()
      configuration.pollInterval = .milliseconds(1)
      return Projector(
        pool: pool, listener: nil, configuration: configuration, logger: TestDatabase.logger)
    case .added:
      var configuration = AddedProjector.Configuration()
      configuration.pollInterval = .milliseconds(1)
      return AddedProjector(
        pool: pool, listener: nil, configuration: configuration, logger: TestDatabase.logger)
    }
  }
}
