import ArgumentParser
import Ledger

struct React: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Calls webhooks, sends to many, and sees to devices that are out of reach.",
    discussion: """
      Needed where an app has a webhook, sends broadcasts, or has reachable days. Any number of \
      them can run. On SIGTERM a call that is on its way is left, and comes again.

      EXAMPLE
        pushledger react
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (settings, logger) = try await common.start()
    let postgres = settings.postgres("react")
    try await Migrator(postgres, logger: logger).requireCurrent()
    try await Rights.react.require(postgres, logger: logger)
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    try roles.addReactor()
    try await roles.run([Announcement("Reacting.")])
  }
}
