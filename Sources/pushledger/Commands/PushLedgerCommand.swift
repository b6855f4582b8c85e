import ArgumentParser
import Foundation

@main
struct PushLedgerCommand: AsyncParsableCommand {
  /// The program's version.
  static let release = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "pushledger",
    abstract: "An event-sourced notification ledger: why did this phone (not) ring?",
    discussion: """
      EXAMPLES
        pushledger up --demo                   # everything at once, with traffic
        pushledger apps create chat            # an app of your own
        pushledger keys create chat --scope send --scope device
        pushledger decisions events.ndjson.gz  # who would be pushed; no database

      EXIT CODES
        0 done · 1 it failed, or what was checked does not hold · 64 wrong usage
      """,
    version: release,
    groupedSubcommands: [
      CommandGroup(
        name: "Running",
        subcommands: [
          Up.self, Serve.self, Project.self, DispatchCommand.self, React.self,
          ProjectionsCommand.self, PausesCommand.self, DeliveriesCommand.self,
        ]),
      CommandGroup(
        name: "Setting up",
        subcommands: [
          Migrate.self, AppsCommand.self, Keys.self, Credentials.self, UserSigCommand.self,
          ConfigCommand.self,
        ]),
      CommandGroup(
        name: "Events",
        subcommands: [
          Import.self, Export.self, Decisions.self, Archive.self, Restore.self, Erase.self,
        ]),
      CommandGroup(
        name: "Looking",
        subcommands: [
          Explain.self, Timeline.self, Tail.self, ReplayCommand.self, Status.self, Verify.self,
          SQLCommand.self,
        ]),
      CommandGroup(name: "Trying", subcommands: [Simulate.self, Bench.self]),
    ])

  static func main() async {
    do {
      let command = try await asyncParseAsRoot()
      do {
        try await run(command)
      } catch let error as ValidationError {
        Output.note("Error: \(error.message)\n" + usage(of: type(of: command)))
        leave(.validationFailure)
      }
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if !message.isEmpty { code.isSuccess ? Output.line(message) : Output.note(message) }
      guard code.isSuccess else { leave(code) }
    }
    guard Output.hasFailed else { leave(.success) }
    Output.note("Error: The results could not be written to standard output.")
    leave(.failure)
  }

  /// Ends the process as it is: what libraries take down at the end of one, OpenSSL's tables say, the
  /// threads of connections that are ending may still use.
  private static func leave(_ code: ExitCode) -> Never {
    fflush(nil)
    _exit(code.rawValue)
  }

  private static func run(_ command: any ParsableCommand) async throws {
    var command = command
    if var command = command as? any AsyncParsableCommand {
      try await command.run()
    } else {
      try command.run()
    }
  }

  /// As the parser shows it where it refuses the arguments itself: of the subcommand, not of all.
  private static func usage(of command: any ParsableCommand.Type) -> String {
    let usage = usageString(for: command)
    let path = usage.split(separator: " ").prefix { $0.first?.isLetter == true }
    return "Usage: \(usage)\n  See '\(path.joined(separator: " ")) --help' for more information."
  }
}
