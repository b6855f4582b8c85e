import ArgumentParser
import Ledger

struct DispatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dispatch",
    abstract: "Sends what is due, and appends every attempt.",
    discussion: """
      Any number of them can run: they share the lanes. On SIGTERM it sends nothing new, waits for \
      the answers that are on their way, records them and gives its lanes back.

      It needs PUSHLEDGER_MASTER_KEY or PUSHLEDGER_MASTER_KEY_FILE to open the secrets of \
      credentials: one that it can't open it does without, and says so in its log and in `status`.

      EXAMPLE
        pushledger dispatch
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (settings, logger) = try await common.start()
    let masterKeys = try settings.masterKeys()
    let postgres = settings.postgres("dispatch")
    try await Migrator(postgres, logger: logger).requireCurrent()
    try await Rights.dispatch.require(postgres, logger: logger)
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    try roles.addDispatcher(masterKeys)
    try await roles.run([Announcement("Dispatching.")])
  }
}
