import ArgumentParser
import Ledger
import PushCore

struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes an app's events to an NDJSON file that can be imported again.",
    discussion: """
      It is whole or refused: where messages are in an archive and not here, give --after the \
      archive's end. The archive's own files have the form of an export.

      EXAMPLES
        pushledger export chat chat.ndjson.gz
        pushledger export chat - --after 1000 | head
      """)

  @Argument(help: "The app.") var app: String
  @Argument(help: "The file; with the ending .gz it is compressed; - is standard output.")
  var file: String
  @Option(help: "Only events after this position.") var after: Int64 = 0
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard after >= 0 else {
      throw ValidationError("--after is \(after); a position, 0 or more, is expected.")
    }
  }

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "export") { session in
      let done = try await Exporter(session.pool).run(id, to: file, after: after) { progress in
        Output.progress("\(progress.newEvents.grouped) events")
      }
      Output.progress("")
      Output.note("\(done.newEvents.grouped) events up to position \(done.position.grouped).")
    }
  }
}
