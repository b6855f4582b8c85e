import ArgumentParser
import Foundation
import Ledger
import Projections
import PushCore

/// Up to where a replay goes; nothing: to the end.
struct ReplayBound {
  var position: Position?
  var moment: Timestamp?

  func includes(_ event: ReplayedEvent) -> Bool {
    event.position <= position ?? .max && event.recordedAt <= moment ?? event.recordedAt
  }
}

/// The events of a replay, out of a ledger or a file, with what holds for their app.
struct ReplaySource {
  /// A name for the app of a file that names none.
  static let fileApp = AppID(unchecked: "file")

  private enum Origin {
    case ledger(ReplayReader)
    case file(EventFileReplay, ReplayBound)
  }

  let app: AppID
  let settings: FoldSettings
  private var origin: Origin
  /// The first events of a file, read to know its app.
  private var first: [ReplayedEvent]?
  private var isAtEnd = false
  /// Events given out.
  private(set) var read = 0
  /// Position of the last event that there is up to the bound.
  private(set) var last: Position = 0
  /// When the event at ``last`` was recorded; nil unless it may be none of those that are read.
  private(set) var lastRecordedAt: Timestamp?

  /// Whether events were left out because they cannot matter to those that are watched.
  var isPartial: Bool {
    if case .ledger(let reader) = origin { reader.isPartial } else { false }
  }

  /// - Parameter users: Whose decisions must be right; empty: everybody's.
  static func ledger(
    _ app: AppID, _ bound: ReplayBound, users: Set<UserID>,
    language: MessageContent.Language?, _ session: Session
  ) async throws -> ReplaySource {
    let chosen = try await Apps(session.pool).app(app).settings
    let reader = LedgerReader(session.pool)
    let head = try await reader.head(of: app)
    var upTo = head
    if let position = bound.position {
      guard position <= head else {
        throw ValidationError(
          "--to-position is \(position); the ledger of \(app) ends at position \(head).")
      }
      upTo = position
    }
    if let moment = bound.moment {
      upTo = min(upTo, try await reader.position(at: moment, of: app))
    }
    let events = try await ReplayReader(session.pool, app: app, upTo: upTo, users: users)
    return ReplaySource(
      app: app,
      settings: FoldSettings(
        language: language ?? chosen.language, cancelsOnRead: chosen.cancelsOnRead,
        cancelsOnForeground: chosen.cancelsOnForeground),
      origin: .ledger(events), last: upTo,
      lastRecordedAt: try await events.isPartial ? reader.recordedAt(upTo, of: app) : nil)
  }

  static func file(
    _ path: String, _ bound: ReplayBound, language: MessageContent.Language?
  ) async throws -> ReplaySource {
    var file = try EventFileReplay(path)
    let first = try await file.next()
    if file.first > 1 {
      Output.note(
        "The file begins at position \(file.first.grouped): what came before is not known here.")
    }
    return ReplaySource(
      app: file.app ?? fileApp, settings: FoldSettings(language: language ?? .en),
      origin: .file(file, bound), first: first)
  }

  private init(
    app: AppID, settings: FoldSettings, origin: Origin, first: [ReplayedEvent]? = nil,
    last: Position = 0, lastRecordedAt: Timestamp? = nil
  ) {
    self.app = app
    self.settings = settings
    self.origin = origin
    self.first = first
    self.last = last
    self.lastRecordedAt = lastRecordedAt
  }

  /// Where the fold begins; nil: at the beginning.
  var start: ReplayStart? {
    if case .ledger(let reader) = origin { reader.start } else { nil }
  }

  /// Events that somebody decided to leave out of the projection; a file does not know them.
  var skipped: Set<Position> {
    if case .ledger(let reader) = origin { reader.skipped } else { [] }
  }

  /// The next events, in order; nil after the last.
  mutating func next() async throws -> [ReplayedEvent]? {
    guard !isAtEnd else { return nil }
    let page: [ReplayedEvent]?
    switch origin {
    case .ledger(var reader):
      page = try await reader.next()
      origin = .ledger(reader)
    case .file(var file, let bound):
      page = try await nextOfFile(&file, bound)
      origin = .file(file, bound)
    }
    read += page?.count ?? 0
    return page
  }

  private mutating func nextOfFile(
    _ file: inout EventFileReplay, _ bound: ReplayBound
  ) async throws -> [ReplayedEvent]? {
    let page: [ReplayedEvent]?
    if let first {
      page = first
      self.first = nil
    } else {
      page = try await file.next()
    }
    guard let page else {
      isAtEnd = true
      guard let position = bound.position, position > last else { return nil }
      throw ValidationError(
        "--to-position is \(position); the file ends at position \(last).")
    }
    let wanted = page.prefix { bound.includes($0) }
    isAtEnd = wanted.count < page.count
    last = wanted.last?.position ?? last
    return wanted.isEmpty ? nil : Array(wanted)
  }
}
