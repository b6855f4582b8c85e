import ArgumentParser
import Ledger
import PushCore

struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Brings the database to this program's version.",
    discussion: """
      Migrations are applied under a lock, so two at once are safe. A database that is newer than \
      the program is refused.

      EXAMPLES
        pushledger migrate
        pushledger migrate --check --json    # say what is pending, change nothing
      """)

  @Flag(help: "Only say what is pending; exit 1 when something is.") var check = false
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "migrate", requiresCurrentSchema: false) { session in
      let migrator = Migrator(session.postgres, logger: session.logger)
      if check {
        let status = try await migrator.status()
        report(
          [("database", status.database), ("program", status.program)],
          [("pending", status.pending), ("outdated", status.outdated)])
        if !status.isCurrent { throw ExitCode.failure }
      } else {
        let report = try await migrator.migrate()
        self.report([], [("applied", report.applied), ("installed", report.installed)])
      }
    }
  }

  private func report(_ versions: [(String, Int)], _ lists: [(String, [String])]) {
    if json {
      Output.json(
        .object(
          versions.map { JSON.Member($0.0, .integer($0.1)) }
            + lists.map { JSON.Member($0.0, .array($0.1.map { .string($0) })) }))
      return
    }
    for (name, version) in versions { Output.line("\(name): version \(version)") }
    for (name, files) in lists {
      Output.line("\(name): \(files.isEmpty ? "nothing" : files.joined(separator: ", "))")
    }
  }
}
