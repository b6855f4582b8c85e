import ArgumentParser
import Ledger
import Projections
import PushCore

struct Tail: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows an app's events as they come.",
    discussion: """
      It begins with the last \(usualEvents) events, or where --since says, and goes on until it \
      is stopped. Filters are looked at together; an option given twice takes either.

      EXAMPLES
        pushledger tail
        pushledger tail --type push.attempted --outcome token_invalid
        pushledger tail --user bob --since 2h
        pushledger tail --since 2026-01-01T12:00:00Z --no-follow --json
      """)

  static let usualEvents: Int64 = 10
  /// Events that are read at once.
  static let eventsPerPage = 1_000

  @Option(help: "Only events of this type, such as message.sent.") var type: [String] = []
  @Option(help: "Only events that name this user, and receipts of theirs.") var user: String?
  @Option(help: "Only events about this message.") var message: String?
  @Option(help: "Only attempts with this outcome, such as retry.") var outcome: [String] = []
  @Option(help: "Where to begin: a position, a day, a time, or how long ago, as 90s, 15m, 2h, 7d.")
  var since: String?
  @Flag(inversion: .prefixedNo, help: "Go on with what comes.") var follow = true
  @Flag(help: "Print what was written, too; tokens are never printed.") var showContent = false
  @Flag(help: "Print JSON, an event a line.") var json = false
  @OptionGroup var app: AppOption
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let filter = try EventFilter(types: type, user: user, message: message, outcomes: outcome)
    let start = try since.map { try TailStart(argument: $0) }
    try await Session.run(common, "tail") { session in
      let app = try await app.resolve(session)
      let reader = LedgerReader(session.pool)
      let head = try await reader.head(of: app)
      let archived = try await reader.archive(of: app)?.position ?? 0
      let position =
        try await start?.position(of: app, reader) ?? max(archived, head - Self.usualEvents)
      guard position >= archived else { throw LedgerReadError.archived(app, upTo: archived) }
      guard position <= head || follow else {
        throw ValidationError("--since is \(position), and the ledger ends at \(head).")
      }
      if !json { Output.line(TimelineText.titles) }
      let timeline = TimelineReader(session.pool)
      if follow {
        try await Follower.run(session) { follower in
          let pages = reader.follow(
            app, after: position, signals: follower.signals, limit: Self.eventsPerPage)
          for try await page in pages { try await show(page, filter, app, timeline) }
        }
      } else {
        let shown = try await showAll(after: position, upTo: head, filter, app, reader, timeline)
        if shown == 0, start == nil, !filter.isEmpty, position < head {
          Output.note(Self.noneMatch(head - position, canLookBack: position > archived))
        }
      }
    }
  }

  private func showAll(
    after start: Position, upTo head: Position, _ filter: EventFilter, _ app: AppID,
    _ reader: LedgerReader, _ timeline: TimelineReader
  ) async throws -> Int {
    var (position, shown) = (start, 0)
    while position < head {
      let page = try await reader.events(of: app, after: position, limit: Self.eventsPerPage)
      guard let last = page.last else { break }
      shown += try await show(page.filter { $0.position <= head }, filter, app, timeline)
      position = last.position
    }
    return shown
  }

  private static func noneMatch(_ events: Int64, canLookBack: Bool) -> String {
    (events == 1 ? "The last event does not match" : "None of the last \(events) events match")
      + (canLookBack ? "; --since looks further back." : ".")
  }

  /// - Returns: How many events match.
  @discardableResult
  private func show(
    _ page: [RecordedEvent], _ filter: EventFilter, _ app: AppID, _ timeline: TimelineReader
  ) async throws -> Int {
    var shown = 0
    let candidates = page.filter { filter.mayTake($0.event.type) }
    for entry in try await timeline.entries(candidates, of: app) where filter.takes(entry) {
      shown += 1
      if json {
        Output.json(entry.json(showsContent: showContent))
      } else {
        Output.line(TimelineText.line(entry, showsContent: showContent))
      }
    }
    return shown
  }
}

/// Which events are wanted: those that all that was given holds for.
struct EventFilter: Sendable {
  private var types: Set<EventType> = []
  private var user: UserID?
  private var message: MessageID?
  private var outcomes: Set<AttemptOutcome> = []

  /// - Throws: ``ValidationError`` naming the option, the value and what is known.
  init(types: [String], user: String?, message: String?, outcomes: [String]) throws {
    self.types = Set(try types.map { try Self.word($0, "--type") })
    self.outcomes = Set(try outcomes.map { try Self.word($0, "--outcome") })
    guard outcomes.isEmpty || types.isEmpty || self.types.contains(.pushAttempted) else {
      throw ValidationError(
        "--outcome is of push.attempted alone, which --type leaves out: leave one of them out, or "
          + "add --type push.attempted.")
    }
    self.user = try user.map { try UserID(argument: $0, "--user") }
    self.message = try message.map { try MessageID(argument: $0, "--message") }
  }

  private static func word<Word: RawRepresentable & CaseIterable>(
    _ text: String, _ option: String
  ) throws -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(option) is \(text.given); one of these is expected: \(known).")
    }
    return word
  }

  /// Whether every event is wanted.
  var isEmpty: Bool { types.isEmpty && user == nil && message == nil && outcomes.isEmpty }

  /// Whether an event of a type can be wanted, before it is read.
  func mayTake(_ type: EventType) -> Bool {
    (types.isEmpty || types.contains(type)) && (outcomes.isEmpty || type == .pushAttempted)
  }

  func takes(_ entry: TimelineEntry) -> Bool {
    guard mayTake(entry.recorded.event.type) else { return false }
    if let user, entry.owner?.user != user, entry.body?.users.contains(user) != true {
      return false
    }
    if let message, entry.body?.messageID != message { return false }
    if !outcomes.isEmpty {
      guard case .pushAttempted(let attempt)? = entry.body else { return false }
      return outcomes.contains(attempt.outcome)
    }
    return true
  }
}

/// Where to begin: a position, a day, a time, or how long ago.
enum TailStart: Equatable {
  case position(Position)
  case time(Timestamp)
  case ago(Duration)

  /// Seconds in the units that a duration is written in.
  private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
  private static let longestDays: Int64 = 36_500

  /// - Throws: ``ValidationError``.
  init(argument text: String) throws {
    if let position = Int64(text), position >= 0 {
      self = .position(position)
    } else if let time = Timestamp(dayOrTime: text) {
      self = .time(time)
    } else if let unit = text.last.flatMap({ Self.units[$0] }), let count = Int64(text.dropLast()),
      count >= 0
    {
      guard count <= Self.longestDays * 86_400 / unit else {
        throw ValidationError(
          "--since is \(text), which is too far back; at most \(Self.longestDays)d is expected.")
      }
      self = .ago(.seconds(count * unit))
    } else {
      throw ValidationError(
        "--since is \(text.given); a position such as 1200, a time such as 2026-01-01T12:00:00Z, or how "
          + "long ago, such as 15m or 2h, is expected.")
    }
  }

  /// The position after which it begins.
  func position(of app: AppID, _ reader: LedgerReader) async throws -> Position {
    switch self {
    case .position(let position): position
    case .time(let time):
      try await reader.position(at: time - .microseconds(1), of: app)
    case .ago(let duration):
      try await reader.position(at: Timestamp.systemClock() - duration, of: app)
    }
  }
}
