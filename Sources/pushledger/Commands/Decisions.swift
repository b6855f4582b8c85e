import ArgumentParser
import Foundation
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
      var replay = Replay(language: chosen ?? .en)
      try await EventFile.read(file) { events in
        for event in events { try replay.apply(event) }
        replay.flush()
      }
      try finish(replay)
    } else if let app {
      let id = try AppID(argument: app)
      try await Session.run(common, "decisions") { session in
        let settings = try await Apps(session.pool).app(id).settings
        var replay = Replay(language: chosen ?? settings.language)
        let reader = LedgerReader(session.pool)
        while true {
          let page = try await reader.events(of: id, after: replay.position, limit: 5_000)
          guard !page.isEmpty else { break }
          for recorded in page { try replay.apply(recorded.event) }
          replay.flush()
        }
        try finish(replay)
      }
    }
  }

  private func finish(_ replay: Replay) throws {
    guard let unread else { return }
    try Output.file(unread, "--unread", replay.unread().serialized())
  }
}

/// A fold from position 1 whose decisions are printed.
private struct Replay {
  private var fold: Fold
  private var seen: Set<UUID> = []
  private var output: [UInt8] = []
  private(set) var position: Position = 0

  init(language: MessageContent.Language) {
    fold = Fold(settings: FoldSettings(language: language))
  }

  mutating func apply(_ event: NewEvent) throws {
    guard seen.insert(event.id).inserted else { return }
    position += 1
    let results = fold.apply(
      try event.body(), at: position, occurredAt: event.occurredAt,
      recordedAt: event.occurredAt)
    fold.state.forgetChanges()
    for case .decided(let decided) in results { decided.write(into: &output) }
  }

  mutating func flush() {
    Output.bytes(output)
    output.removeAll(keepingCapacity: true)
  }

  /// `{user: {conversation: count}}`, zeros left out.
  func unread() -> JSON {
    let users = Set(fold.state.conversations.values.flatMap(\.members.keys)).sorted()
    return .object(
      users.compactMap { user in
        let counts = fold.state.unread(of: user)
        guard !counts.isEmpty else { return nil }
        let members = counts.map { JSON.Member($0.key.name(seenBy: user), .integer($0.value)) }
        return JSON.Member(user.rawValue, .object(members.sorted { $0.key < $1.key }))
      })
  }
}
