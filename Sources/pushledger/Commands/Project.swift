import ArgumentParser
import Ledger
import Logging
import Postgres
import PushCore

struct Project: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Folds every app's events into its projection.",
    discussion: """
      Any number of them can run: each app is folded by one at a time, and another takes over \
      when it dies.

      EXAMPLES
        pushledger project
        pushledger project --app chat --app shop
      """)

  @Option(help: "Fold this app only; may be given several times. None: all.") var app: [String] = []
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let apps = try app.map { try AppID(argument: $0, "--app") }
    let (settings, logger) = try await common.start()
    let postgres = settings.postgres("project")
    try await Migrator(postgres, logger: logger).requireCurrent()
    try await Rights.project.require(postgres, logger: logger)
    try await Self.require(apps, postgres, logger)
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    try roles.addProjector(apps: Set(apps))
    try await roles.run([Announcement("Projecting.")])
  }

  /// - Throws: ``AppsError/unknownApp(_:)``.
  private static func require(
    _ apps: [AppID], _ postgres: PostgresConfiguration, _ logger: Logger
  ) async throws {
    let pool = PostgresPool(postgres, limit: 1, logger: logger)
    do {
      for app in apps { _ = try await Apps(pool).app(app) }
    } catch {
      await pool.close()
      throw error
    }
    await pool.close()
  }
}
