import ArgumentParser

@main
struct PushLedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pushledger",
    abstract: "An event-sourced notification ledger: why did this phone (not) ring?",
    discussion: """
      EXAMPLES
        pushledger up --demo                      everything in one process, with traffic
        pushledger apps create chat               an app of your own
        pushledger keys create chat --scope send --scope device
        pushledger decisions events.ndjson.gz     who would be pushed, with no database

      EXIT CODES
        0 done · 1 it failed, or what was checked does not hold · 64 wrong usage
      """,
    version: "0.1.0",
    groupedSubcommands: [
      CommandGroup(
        name: "Running",
        subcommands: [Up.self, Serve.self, Project.self, DispatchCommand.self, React.self]),
      CommandGroup(
        name: "Setting up",
        subcommands: [
          Migrate.self, AppsCommand.self, Keys.self, Credentials.self, UserSigCommand.self,
          ConfigCommand.self,
        ]),
      CommandGroup(
        name: "Events", subcommands: [Import.self, Export.self, Decisions.self]),
      CommandGroup(name: "Looking", subcommands: [Status.self, Verify.self]),
      CommandGroup(name: "Trying", subcommands: [Simulate.self, Bench.self]),
    ])

  static func main() async {
    await main(nil)
    guard Output.hasFailed else { return }
    Output.note("Error: The results could not be written to standard output.")
    exit(withError: ExitCode.failure)
  }
}
