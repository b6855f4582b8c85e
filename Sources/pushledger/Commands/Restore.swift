import ArgumentParser
import Ledger
import PushCore

struct Restore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts an archive's events back, as they were, into a ledger that lacks them.",
    discussion: """
      Positions, ids, times and hashes are those that were archived; the database recomputes the \
      hash chain and refuses what does not fit it. The app is an empty one of the same name, or the \
      one whose messages were detached to the archive, whatever it took since. Broken off, it is \
      simply started again. What was erased since does not come back.

      Into an empty app: what was due when it was archived and has not expired becomes due again. \
      Restore into a server that pushes only where that is wanted.

      EXAMPLES
        pushledger apps create chat
        pushledger restore --app chat --from /backup/chat

        pushledger restore --app chat --from /backup/chat   # messages that were detached to it
        pushledger projections rebuild notifications        # shows them again
      """)

  @OptionGroup var app: AppOption
  @Option(help: "The folder with the archive.") var from: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let archive = try ArchiveReader(from)
    try await Session.run(common, "restore") { session in
      let app = try await app.resolve(session)
      let report = try await Restorer(session.pool).run(archive, into: app) { position in
        Output.progress("position \(position.grouped) of \(archive.manifest.position.grouped)")
      }
      Output.progress("")
      if json {
        Output.json([
          "app": .string(app.rawValue), "events": .integer(report.events),
          "position": .integer(archive.manifest.position),
          "rebuild_needed": .bool(report.needsRebuild),
        ])
        return
      }
      Output.line(
        report.events == 0 && !report.needsRebuild
          ? "Nothing is to be restored: none of \(app) is detached, and its ledger goes as far as the "
            + "archive. To hold one against the other: pushledger verify --archive \(from)"
          : "\(report.events.grouped) events are restored; the archive ends at position "
            + "\(archive.manifest.position.grouped).")
      if report.needsRebuild {
        Output.line(
          "Make the projection anew, so that it shows them: "
            + "pushledger projections rebuild notifications")
      }
    }
  }
}
