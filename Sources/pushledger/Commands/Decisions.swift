import ArgumentParser
import Ledger
import PushCore

struct Decisions: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Folds events and prints every decision: who is pushed, with what, and who is not.",
    discussion: """
      One decision a line (NDJSON), in the order of messages, users, devices. From a file it needs \
      no database.

      EXAMPLES
        pushledger decisions events.ndjson.gz
        pushledger decisions --app chat --language zh
        pushledger decisions events.ndjson --unread unread.json > decisions.ndjson
      """)

  @Argument(help: "An event file, plain or gzip; - is standard input.") var file: String?
  @Option(help: "Fold this app's ledger instead of a file.") var app: String?
  @Option(help: "Language of placeholders, en or zh; an app has its own.") var language: String?
  @Option(help: "Write the unread counts at the end to this file, as JSON.") var unread: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (file == nil) != (app == nil) else {
      throw ValidationError("Name an event file, or an app with --app: one of the two.")
    }
    guard language.map({ MessageContent.Language(rawValue: $0) != nil }) ?? true else {
      throw ValidationError("--language is \(language ?? ""); en or zh is expected.")
    }
  }

  func run() async throws {
    let chosen = language.flatMap(MessageContent.Language.init(rawValue:))
    if let file {
      try await decide(try await ReplaySource.file(file, ReplayBound(), language: chosen))
    } else if let app {
      let id = try AppID(argument: app)
      try await Session.run(common, "decisions") { session in
        try await LedgerReader(session.pool).requireAll(of: id, after: 0)
        try await decide(
          try await ReplaySource.ledger(
            id, ReplayBound(), users: [], language: chosen, session))
      }
    }
  }

  private func decide(_ source: ReplaySource) async throws {
    var source = source
    var replay = Replay(settings: source.settings)
    replay.skipped = source.skipped
    var output: [UInt8] = []
    while let events = try await source.next() {
      for event in events {
        for case .decided(let decided) in replay.apply(event) { decided.write(into: &output) }
      }
      Output.bytes(output)
      output.removeAll(keepingCapacity: true)
    }
    guard let unread else { return }
    try Output.file(unread, "--unread", replay.unread().serialized())
  }
}
