import ArgumentParser
import Ledger
import PushCore

struct Restore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts an archive's events back, as they were, into a ledger that ends before them.",
    discussion: """
      Positions, ids, times and hashes are those that were archived; the database recomputes the \
      hash chain and refuses what does not fit it. The app is an empty one of the same name, or one \
      that was restored in part: broken off, it is simply started again. What the archive's later \
      parts erased does not come back.

      What was due when it was archived and has not expired becomes due again: restore into a \
      server that pushes only where that is wanted.

      EXAMPLE
        pushledger apps create chat
        pushledger restore --app chat --from /backup/chat
      """)

  @OptionGroup var app: AppOption
  @Option(help: "The folder with the archive.") var from: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let archive = try ArchiveReader(from)
    try await Session.run(common, "restore") { session in
      let app = try await app.resolve(session)
      let events = try await Restorer(session.pool).run(archive, into: app) { position in
        Output.progress("position \(position.grouped) of \(archive.manifest.position.grouped)")
      }
      Output.progress("")
      if json {
        Output.json([
          "app": .string(app.rawValue), "events": .integer(events),
          "position": .integer(archive.manifest.position),
        ])
      } else {
        Output.line(
          "\(events.grouped) events are restored; the archive ends at position "
            + "\(archive.manifest.position.grouped).")
      }
    }
  }
}
