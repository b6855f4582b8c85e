import PushCore

/// Goes along a ledger's commits and events, in order, and stops at the first that does not fit.
/// Knows no database.
struct ChainCheck {
  let app: AppID
  private(set) var events: Int64 = 0
  private(set) var commits: Int64 = 0
  private(set) var erased: Int64 = 0
  private(set) var chain: [UInt8]
  private(set) var lastRecordedAt: Timestamp?
  /// Where content is gone, and no event so far says why.
  private var vanished = PositionSet()

  init(app: AppID) {
    self.init(app: app, after: 0, commits: 0, chain: EventDigest.origin(app))
  }

  /// Goes on after a position, where the chain is known.
  init(app: AppID, after position: Position, commits: Int64, chain: [UInt8]) {
    self.app = app
    self.chain = chain
    self.commits = commits
    events = position
  }

  /// Position of the last event that fits.
  var position: Position { events }

  /// Checks one commit with the events that stand in its range, oldest first.
  mutating func check(
    _ commit: StoredCommit, events found: some Collection<StoredEvent>
  ) -> LedgerFlaw? {
    guard commit.number == commits + 1, commit.first == position + 1, commit.last >= commit.first
    else { return flaw(.gap, at: position + 1) }
    let before = position
    var link = ChainLink(after: chain)
    for event in found {
      guard event.position == position + 1 else { return flaw(.gap, at: position + 1) }
      if let kind = Self.flaw(in: event) { return flaw(kind, at: event.position) }
      guard event.recordedAt == commit.recordedAt else { return flaw(.time, at: event.position) }
      link.add(digest: event.digest)
      events += 1
      if event.content == nil, event.contentSHA256 != nil {
        erased += 1
        vanished.insert(event.position)
      }
      for named in event.erasedPositions where named < event.position { vanished.remove(named) }
    }
    guard position == commit.last else { return flaw(.gap, at: position + 1) }
    if let last = lastRecordedAt, commit.recordedAt < last { return flaw(.time, at: before + 1) }
    let chain = link.finish(recordedAt: commit.recordedAt)
    guard chain == commit.chain else { return flaw(.chain, at: commit.first) }
    self.chain = chain
    lastRecordedAt = commit.recordedAt
    commits += 1
    return nil
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
