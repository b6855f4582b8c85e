import ArgumentParser
import Foundation
import Ledger
import Projections
import PushCore

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract:
      "Folds events again, from a ledger or a file, up to any position, and shows what came "
      + "of each.",
    discussion: """
      Nothing is written and nobody is pushed. With --user or --message only the events are read \
      that can matter to them; what is decided for them is the same.

      EXAMPLES
        pushledger replay --app chat         # all of it, counted
        pushledger replay chat.ndjson.gz --at 2026-01-31T09:30:00+08:00
        pushledger replay --user bob --message m-4711 --trace
        pushledger replay --user bob --at 2h --step          # a key for each event
        pushledger replay --diff             # does the projection agree?
        pushledger replay --message m-4711 --what-if other.json

      A --what-if file names what is to be otherwise; see docs/replay.md:
        {"users": {"bob": {"quiet_hours": null, "badge": "derived"}},
         "devices": {"bob/phone": {"activity": "background"}}, "cancel_on_read": false}

      EXIT CODES
        0 done · 1 it failed, or the projection is not what the ledger says · 64 wrong usage
      """)

  static let usualLimit = 20
  static let maximumLimit = 10_000
  static let maximumUsers = 100

  @Argument(help: "An event file, plain or gzip; - is standard input; none: the app's ledger.")
  var file: String?
  @OptionGroup var app: AppOption
  @Option(help: "Go up to this position of the ledger.") var toPosition: Int64?
  @Option(
    help: "Go up to this moment, by when events were recorded: a time with its zone, or 2h ago.")
  var at: String?
  @Option(help: "Watch this user; may be repeated.") var user: [String] = []
  @Option(help: "Watch this message.") var message: String?
  @Option(help: "Show only events of this type, such as device.registered; may be repeated.")
  var type: [String] = []
  @Flag(help: "Print each event that matters, with the state before and after it.")
  var trace = false
  @Flag(help: "The same, one at a key press: n, space or enter goes on, a shows all, q ends.")
  var step = false
  @Flag(help: "Compare the projection with the fold, row by row and column by column.")
  var diff = false
  @Option(help: "A JSON file with other settings; shows which decisions they would have changed.")
  var whatIf: String?
  @Option(help: "Differences shown at most, 1 to \(maximumLimit).") var limit = usualLimit
  @Option(help: "Language of placeholders, en or zh; an app has its own.") var language: String?
  @Option(help: "Write the decisions to this file, as `pushledger decisions` prints them.")
  var decisions: String?
  @Option(help: "Write the unread counts at the end to this file, as JSON.") var unread: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard file == nil || app.app == nil else {
      throw ValidationError("Name an event file, or an app with --app: one of the two.")
    }
    guard toPosition == nil || at == nil else {
      throw ValidationError("Name --to-position or --at, not both.")
    }
    if let toPosition, toPosition < 0 {
      throw ValidationError(
        "--to-position is \(toPosition); a position, 0 or more, is expected.")
    }
    guard 1...Self.maximumLimit ~= limit else {
      throw ValidationError(
        "--limit is \(limit); a number from 1 to \(Self.maximumLimit) is expected.")
    }
    guard user.count <= Self.maximumUsers else {
      throw ValidationError(
        "--user is given \(user.count) times; at most \(Self.maximumUsers) are expected.")
    }
    guard language.map({ MessageContent.Language(rawValue: $0) != nil }) ?? true else {
      throw ValidationError("--language is \(language ?? ""); en or zh is expected.")
    }
    guard [trace, step, diff, whatIf != nil].filter({ $0 }).count <= 1 else {
      throw ValidationError("Choose one of --trace, --step, --diff and --what-if.")
    }
    if step, !StepKeys.isTerminal {
      throw ValidationError(
        "--step reads keys, and standard input is no terminal. Use --trace to print every event.")
    }
    try validateDiff()
  }

  /// The whole projection is compared, as far as it is.
  private func validateDiff() throws {
    guard diff else { return }
    let others: [(String, Bool)] = [
      ("a file", file != nil), ("--to-position", toPosition != nil), ("--at", at != nil),
      ("--user", !user.isEmpty), ("--message", message != nil), ("--type", !type.isEmpty),
      ("--language", language != nil), ("--decisions", decisions != nil),
      ("--unread", unread != nil),
    ]
    guard let other = others.first(where: { $0.1 }) else { return }
    throw ValidationError(
      "--diff compares an app's whole projection, as far as it is: leave \(other.0) out.")
  }

  func run() async throws {
    let task = try ReplayTask(self)
    guard let file else {
      try await Session.run(common, "replay") { session in
        let app = try await app.resolve(session)
        try await diff ? compare(app, session) : task.run(app, session)
      }
      return
    }
    try await task.run(
      try await ReplaySource.file(file, task.bound, language: task.language))
  }

  private func compare(_ app: AppID, _ session: Session) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    let report = try await ProjectionDiff(session.pool, app: app, limit: limit).run { position in
      Output.progress("position \(position.grouped)")
    }
    Output.progress("")
    let milliseconds = (clock.now - start).wholeMicroseconds / 1_000
    let text = DriftText(report: report, seconds: Double(milliseconds) / 1_000)
    if json { Output.json(text.json) } else { Output.line(text.text) }
    if !report.drifts.isEmpty { throw ExitCode.failure }
  }
}
