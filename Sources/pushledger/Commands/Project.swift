import ArgumentParser
import Ledger

struct Project: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Folds every app's events into its projection.",
    discussion: """
      Any number of them can run: each app is folded by one at a time, and another takes over \
      when it dies.

      EXAMPLE
        pushledger project
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (settings, logger) = try await common.start()
    let postgres = settings.postgres("project")
    try await Migrator(postgres, logger: logger).requireCurrent()
    try await Rights.project.require(postgres, logger: logger)
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    try roles.addProjector()
    try await roles.run([Announcement("Projecting.")])
  }
}
