import ArgumentParser
import Ledger
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
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    try roles.addProjector(apps: Set(apps))
    try await roles.run([Announcement("Projecting.")])
  }
}
