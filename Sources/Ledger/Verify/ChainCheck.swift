import PushCore

/// Goes along a ledger's commits and events, in order, and stops at the first that does not fit.
/// Knows no database.
///
///     commits  │ 1 2 · 4 │ · · · │ 8 9 │ 10 11 12 │     · detached
///     chain    │  taken  │ taken │  =  │    =     │     = recomputed
///                          archive's end ─┘
///
/// Up to the archive's end events may be missing: the hash of a commit that lacks one is taken as it
/// is stored. Where the archive ends it must be the archive's.
struct ChainCheck {
  let app: AppID
  private let archive: LedgerArchive?
  /// Position of the last event that fits, or that may be missing.
  private(set) var position: Position = 0
  private(set) var detached: Int64 = 0
  private(set) var commits: Int64 = 0
  private(set) var erased: Int64 = 0
  private(set) var chain: [UInt8]
  private(set) var lastRecordedAt: Timestamp?
  /// Where content is gone, and no event so far says why.
  private var vanished = PositionSet()

  /// - Parameter archive: Up to where events may be missing; nil: all must be there.
  init(app: AppID, archive: LedgerArchive?) {
    self.app = app
    self.archive = archive
    chain = EventDigest.origin(app)
  }

  /// Goes on after a position, where the chain is known, and no event may be missing.
  init(app: AppID, after position: Position, commits: Int64, chain: [UInt8]) {
    self.app = app
    archive = nil
    self.chain = chain
    self.commits = commits
    self.position = position
  }

  /// Events that are there and fit.
  var events: Int64 { position - detached }

  /// Checks one commit with the events that stand in its range, oldest first.
  mutating func check(
    _ commit: StoredCommit, events found: some Collection<StoredEvent>
  ) -> LedgerFlaw? {
    guard commit.number == commits + 1, commit.first == position + 1, commit.last >= commit.first
    else { return flaw(.gap, at: position + 1) }
    let mayLack = commit.number <= archive?.commit ?? 0
    let before = detached
    var link = ChainLink(after: chain)
    for event in found {
      guard event.position == position + 1 || mayLack && event.position > position,
        event.position <= commit.last
      else { return flaw(.gap, at: position + 1) }
      if let kind = Self.flaw(in: event) { return flaw(kind, at: event.position) }
      guard event.recordedAt == commit.recordedAt else { return flaw(.time, at: event.position) }
      link.add(digest: event.digest)
      take(event)
    }
    if mayLack { pass(to: commit.last) }
    guard position == commit.last else { return flaw(.gap, at: position + 1) }
    if let last = lastRecordedAt, commit.recordedAt < last { return flaw(.time, at: commit.first) }
    let isWhole = detached == before
    let chain = isWhole ? link.finish(recordedAt: commit.recordedAt) : commit.chain
    guard chain == commit.chain, ends(commit) else { return flaw(.chain, at: commit.first) }
    self.chain = chain
    lastRecordedAt = commit.recordedAt
    commits += 1
    return nil
  }

  private mutating func take(_ event: StoredEvent) {
    pass(to: event.position - 1)
    position = event.position
    if event.content == nil, event.contentSHA256 != nil {
      erased += 1
      vanished.insert(event.position)
    }
    for named in event.erasedPositions where named < event.position { vanished.remove(named) }
  }

  /// Counts what is missing up to a position as detached.
  private mutating func pass(to position: Position) {
    detached += position - self.position
    self.position = position
  }

  /// Whether a commit is the one that the archive ends with, if it has that one's number.
  private func ends(_ commit: StoredCommit) -> Bool {
    guard let archive, archive.commit == commit.number else { return true }
    return commit.chain == archive.chain && commit.last == archive.position
  }

  /// Checks the head against the last commit, and that all content that is gone was erased.
  func checkHead(position head: Position, commits number: Int64, chain: [UInt8]) -> LedgerFlaw? {
    guard head == position, number == commits, chain == self.chain else {
      return flaw(.head, at: position)
    }
    return vanished.first.map { flaw(.vanished, at: $0) }
  }

  func flaw(_ kind: LedgerFlaw.Kind, at position: Position) -> LedgerFlaw {
    LedgerFlaw(kind: kind, app: app, position: position)
  }

  private static func flaw(in event: StoredEvent) -> LedgerFlaw.Kind? {
    if let content = event.content {
      guard event.contentSHA256 == EventDigest.sha256(content) else { return .content }
    }
    let digest = EventDigest.digest(of: event, contentSHA256: event.contentSHA256)
    return digest == event.digest ? nil : .digest
  }
}

extension StoredEvent {
  private static let erasure = Array(EventType.contentErased.rawValue.utf8)

  /// The events of which it says that their content was erased.
  fileprivate var erasedPositions: [Position] {
    guard type == Self.erasure, let data = try? JSON.parse(data) else { return [] }
    return data["positions"]?.array?.compactMap(\.integer) ?? []
  }
}
