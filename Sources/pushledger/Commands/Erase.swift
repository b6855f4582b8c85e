import ArgumentParser
import Foundation
import Ledger
import PushCore

struct Erase: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Takes content out of the ledger for good: a user's, a message's, or what is old.",
    discussion: """
      What was written and what people are known by goes, from the ledger and from the projection: \
      texts, names, device tokens. Facts, decisions and the hash chain stay, and the ledger says \
      what was erased by an event of its own. What others wrote to a user is theirs and stays. \
      Broken off, it is simply started again.

      The bytes stay on disk until the tables are vacuumed, and in backups, exports and archives \
      for as long as you keep those: docs/erasure.md.

      EXAMPLES
        pushledger erase --user ann --dry-run
        pushledger erase --app chat --user ann --reason "request 4711" --yes
        pushledger erase --app chat --message m-42 --yes
        pushledger erase --app chat --before 2025-01-01T00:00:00Z --yes --vacuum
      """)

  @OptionGroup var app: AppOption
  @Option(help: "What this user wrote, and is known by: names, name cards, device tokens.")
  var user: String?
  @Option(help: "What this message says.") var message: String?
  @Option(
    help: """
      What was recorded before: a day (from midnight in UTC), a time with its zone, or how long \
      ago, such as 365d. Names and tokens that are still in use stay.
      """)
  var before: String?
  @Option(help: "Why. It stays in the ledger: write nothing personal into it.") var reason: String?
  @Flag(help: "Only count what would go.") var dryRun = false
  @Flag(help: "Do not ask.") var yes = false
  @Flag(help: "Vacuum the tables afterwards; takes as long as reading them.") var vacuum = false
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard [user, message, before].compactMap(\.self).count == 1 else {
      throw ValidationError("Say what to erase: one of --user, --message and --before.")
    }
    if let reason {
      guard 1...Limits.reasonBytes ~= reason.utf8.count else {
        throw ValidationError(
          "--reason has \(reason.utf8.count) bytes; 1 to \(Limits.reasonBytes) are expected.")
      }
    }
  }

  func run() async throws {
    let scope = try scope()
    try await Session.run(common, "erase") { session in
      let app = try await app.resolve(session)
      let eraser = Eraser(session.pool)
      let counts = try await eraser.count(scope, in: app)
      let archive = try await LedgerArchive.find(of: app, session.pool)
      if let archive {
        Output.note(
          "What messages up to position \(archive.position.grouped) say is in the archive in "
            + "\(archive.folder) alone: its files stay as they are, but restoring them brings "
            + "nothing back that is erased now.")
      }
      if dryRun || counts.total == 0 && archive == nil {
        show(counts, nil, scope, app, [])
        return
      }
      try confirm(counts, app)
      let done = try await eraser.run(scope, in: app, reason: reason) { progress in
        Output.progress(
          "\(progress.erased.grouped) of \(counts.total.grouped) events, "
            + "\(progress.percent) % of the ledger looked at")
      }
      if vacuum {
        Output.progress("Vacuuming")
        try await eraser.vacuum()
      }
      Output.progress("")
      show(counts, done, scope, app, try await eraser.vacuumed())
    }
  }

  private func scope() throws -> Erasure.Scope {
    if let user { return .user(try UserID(argument: user, "--user")) }
    if let message { return .message(try MessageID(argument: message, "--message")) }
    let moment = try Timestamp(argument: before ?? "", "--before")
    guard moment <= .systemClock() + Eraser.clockSkew else {
      throw ValidationError("--before is \(moment), which is to come. Give a moment that is past.")
    }
    return .before(moment)
  }

  /// Asks on a terminal; elsewhere `--yes` must have been given.
  private func confirm(_ counts: ErasureCounts, _ app: AppID) throws {
    if yes { return }
    guard StepKeys.isTerminal else {
      throw ValidationError(
        "The content of \(counts.total.grouped) events of \(app) would be erased for good. Look "
          + "with --dry-run, then add --yes.")
    }
    Output.note(Self.text(counts))
    Output.note("It cannot be brought back. Type the app's name, \(app), to erase it:")
    guard readLine()?.trimmingCharacters(in: .whitespaces) == app.rawValue else {
      throw ValidationError("Nothing was erased: the name of the app was not typed.")
    }
  }

  private func show(
    _ counts: ErasureCounts, _ done: ErasureProgress?, _ scope: Erasure.Scope, _ app: AppID,
    _ vacuumed: [String]
  ) {
    if json {
      Output.json(Self.json(counts, done, scope, app))
      return
    }
    guard let done else {
      Output.line(counts.total == 0 ? "There is nothing to erase." : Self.text(counts))
      return
    }
    Output.line(
      "The content of \(done.erased.grouped) events is erased; "
        + "\(done.events.grouped) content.erased, the last at position "
        + "\((done.position ?? 0).grouped), say so.")
    if !vacuum {
      Output.line(
        "The bytes stay on disk until the tables are vacuumed: vacuum "
          + vacuumed.joined(separator: ", ") + ";")
    }
  }

  private static func text(_ counts: ErasureCounts) -> String {
    var table = Table("TYPE", "EVENTS")
    for (type, count) in counts.events { table.add(type, count.grouped) }
    table.add("all", counts.total.grouped)
    return table.text()
  }

  private static func json(
    _ counts: ErasureCounts, _ done: ErasureProgress?, _ scope: Erasure.Scope, _ app: AppID
  ) -> JSON {
    .object(present: [
      ("app", .string(app.rawValue)), ("scope", scope.json),
      (
        "found",
        .object(counts.events.map { JSON.Member($0.type, .integer($0.count)) })
      ),
      ("found_events", .integer(counts.total)), ("erased", .integer(done?.erased ?? 0)),
      ("erasing_events", .integer(done?.events ?? 0)),
      ("position", done?.position.map { .integer($0) }),
    ])
  }
}

extension Erasure.Scope {
  fileprivate var json: JSON {
    switch self {
    case .user(let user): ["user": JSON(user)]
    case .message(let message): ["message": JSON(message)]
    case .before(let moment): ["before": JSON(moment)]
    }
  }
}
