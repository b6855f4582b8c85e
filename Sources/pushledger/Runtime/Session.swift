import ArgumentParser
import Ledger
import Logging
import Postgres
import PushCore

/// What a short command works with: the settings and a few connections, closed at its end.
struct Session: Sendable {
  static let connections = 4
  /// Queries of commands may look at a whole ledger.
  static let statementTimeout = Duration.seconds(600)

  let settings: Settings
  let logger: Logger
  let postgres: PostgresConfiguration
  let pool: PostgresPool

  /// - Throws: ``MigrationError`` where the database is not at the program's version.
  static func run(
    _ common: CommonOptions, _ name: String, requiresCurrentSchema: Bool = true,
    _ body: (Session) async throws -> Void
  ) async throws {
    let (settings, logger) = try await common.start()
    let postgres = PostgresConfiguration(
      settings.text(.databaseURL), applicationName: "pushledger \(name)",
      statementTimeout: statementTimeout)
    if requiresCurrentSchema {
      try await Migrator(postgres, logger: logger).requireCurrent()
    }
    let pool = PostgresPool(postgres, limit: connections, logger: logger)
    do {
      try await body(
        Session(settings: settings, logger: logger, postgres: postgres, pool: pool))
    } catch {
      await pool.close()
      throw error
    }
    await pool.close()
  }

  /// - Throws: ``AppsError/unknownApp(_:)``.
  func requireApp(_ app: AppID) async throws { _ = try await Apps(pool).app(app) }
}
