import ArgumentParser
import Ledger
import PushCore

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Appends the events of an NDJSON file, plain or gzip.",
    discussion: """
      The same file twice changes nothing. A line that holds no valid event ends the import with \
      its number, and nothing of its batch is stored; what was stored before stays.

      Imported messages are pushed like any other, where the app has devices that want it, a \
      dispatcher runs and they have not expired. To look at a history only, import it into an \
      app without credentials.

      EXAMPLES
        pushledger import chat events.ndjson.gz
        zcat old.gz | pushledger import chat - --skip-invalid bad.ndjson
      """)

  @Argument(help: "The app.") var app: String
  @Argument(help: "The file; - is standard input.") var file: String
  @Option(help: "Write lines that hold no valid event to this file, and go on.")
  var skipInvalid: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "import") { session in
      try await session.requireApp(id)
      let start = ContinuousClock.now
      let done: TransferProgress
      do {
        done = try await Importer(session.postgres, logger: session.logger).run(
          file, into: id, skippingInvalidTo: skipInvalid
        ) { progress in
          Output.progress(
            "\(progress.lines.grouped) lines, \(progress.newEvents.grouped) new events")
        }
      } catch {
        Output.progress("")
        if case TransferError.truncatedGzip = error {
          Output.note("Lines up to the break may be stored. Import it whole: none is stored twice.")
        }
        if case TransferError.invalidLine = error {
          Output.note(
            "What came before its batch is stored and stays. --skip-invalid FILE writes such lines "
              + "to a file and goes on.")
        }
        throw error
      }
      Output.progress("")
      let seconds = (ContinuousClock.now - start).seconds
      if json {
        Output.json([
          "lines": .integer(done.lines), "new": .integer(done.newEvents),
          "known": .integer(done.knownEvents), "skipped": .integer(done.skippedLines),
          "position": .integer(done.position),
          "seconds": .number(String((seconds * 1_000).rounded() / 1_000)),
        ])
      } else {
        let rate = Int(Double(done.lines) / max(seconds, 0.001))
        Output.line(
          "\(done.newEvents.grouped) new events, \(done.knownEvents.grouped) known already, "
            + "\(done.skippedLines.grouped) lines skipped; \(rate.grouped) lines a second.")
      }
    }
  }
}
