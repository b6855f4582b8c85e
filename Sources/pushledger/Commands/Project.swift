import ArgumentParser
import Ledger
import Logging
import Postgres
import Projections
import PushCore

struct Project: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Folds every app's events into the projections.",
    discussion: """
      Any number of them can run: each app is folded into a projection by one at a time, and \
      another takes over when it dies. With --only it folds into one projection and leaves the \
      others to others.

      EXAMPLES
        pushledger project
        pushledger project --only daily_active_conversations
        pushledger project --app chat --app shop
      """)

  @Option(help: "Fold this app only; may be given several times. None: all.") var app: [String] = []
  @Option(help: "Fold into this projection only. None: all.") var only: String?
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let apps = try app.map { try AppID(argument: $0, "--app") }
    let (settings, logger) = try await common.start()
    let postgres = settings.postgres("project")
    try await Migrator(postgres, logger: logger).requireCurrent()
    try await Rights.project.require(postgres, logger: logger)
    let projection = try await Self.require(apps, only, postgres, logger)
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    try roles.addProjector(apps: Set(apps), only: projection)
    try await roles.run([Announcement("Projecting.")])
  }

  /// - Returns: The one projection, nil for all.
  /// - Throws: ``AppsError/unknownApp(_:)``, ``ProjectionControl/Refusal``.
  private static func require(
    _ apps: [AppID], _ only: String?, _ postgres: PostgresConfiguration, _ logger: Logger
  ) async throws -> ProjectionName? {
    let pool = PostgresPool(postgres, limit: 1, logger: logger)
    let projection: ProjectionName?
    do {
      for app in apps { _ = try await Apps(pool).app(app) }
      projection = if let only { try await ProjectionControl(pool).require(only) } else { nil }
    } catch {
      await pool.close()
      throw error
    }
    await pool.close()
    return projection
  }
}
