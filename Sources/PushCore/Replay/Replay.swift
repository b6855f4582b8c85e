/// An event as a replay takes it, from a ledger or from a file.
public struct ReplayedEvent: Sendable {
  public var position: Position
  public var recordedAt: Timestamp
  public var event: NewEvent

  public init(position: Position, recordedAt: Timestamp, event: NewEvent) {
    self.position = position
    self.recordedAt = recordedAt
    self.event = event
  }

  public init(_ recorded: RecordedEvent) {
    self.init(
      position: recorded.position, recordedAt: recorded.recordedAt, event: recorded.event)
  }
}

/// Where a replay begins when not at the beginning of a ledger: what was kept of the fold up to there.
public struct ReplayStart: Sendable {
  /// Of the last event that was folded.
  public var position: Position
  public var recordedAt: Timestamp
  public var state: FoldState
  /// Deliveries of which more may be told, in the order of their messages.
  public var deliveries: [DeliveryTable.Delivery]

  public init(
    position: Position, recordedAt: Timestamp, state: FoldState,
    deliveries: [DeliveryTable.Delivery]
  ) {
    self.position = position
    self.recordedAt = recordedAt
    self.state = state
    self.deliveries = deliveries
  }
}

/// A ledger folded again, from its beginning up to any position: the state, what was decided, and
/// what became of it. The same events give the same bit for bit (G7).
public struct Replay: Sendable {
  public internal(set) var fold: Fold
  /// Nil where nobody asks what became of the decisions.
  public internal(set) var deliveries: DeliveryTable?
  /// Of the last event that was applied.
  public private(set) var position: Position = 0
  public private(set) var recordedAt: Timestamp?
  /// What ``filter`` holds for.
  public private(set) var counts = ReplayCounts()
  public let filter: ReplayFilter
  /// What the last event moved.
  public private(set) var changes = FoldChanges()
  /// The deliveries that the last event changed.
  public private(set) var moves: [DeliveryTable.Move] = []
  /// The first event that this version cannot read. It is passed over here; the projection stands
  /// still before it.
  public private(set) var unreadable: Position?
  /// Events that somebody decided to leave out of the projection: they change nothing.
  public var skipped: Set<Position> = []

  /// - Parameter filter: Of whose decisions ``counts`` are.
  public init(
    settings: FoldSettings = FoldSettings(), deliveries: DeliveryTable? = nil,
    filter: ReplayFilter = ReplayFilter()
  ) {
    fold = Fold(settings: settings)
    self.deliveries = deliveries
    self.filter = filter
  }

  /// Begins at `start`, before any event is applied.
  public mutating func begin(at start: ReplayStart) {
    fold.state = start.state
    position = start.position
    recordedAt = start.recordedAt
    deliveries?.insert(start.deliveries)
  }

  /// Moves on by one event, which follows all that were applied before.
  ///
  /// - Parameter leavesOut: What is not to happen of what the event did.
  /// - Returns: What it did beside moving the state.
  @discardableResult
  public mutating func apply(
    _ replayed: ReplayedEvent, leavingOut leavesOut: (FoldOutput) -> Bool = { _ in false }
  ) -> [FoldOutput] {
    var outputs: [FoldOutput] = []
    if skipped.contains(replayed.position) {
      outputs = []
    } else if let body = try? replayed.event.body() {
      outputs = fold.apply(
        body, at: replayed.position, occurredAt: replayed.event.occurredAt,
        recordedAt: replayed.recordedAt)
      outputs.removeAll(where: leavesOut)
    } else {
      unreadable = unreadable ?? replayed.position
    }
    finish(replayed, outputs)
    return outputs
  }

  private mutating func finish(_ replayed: ReplayedEvent, _ outputs: [FoldOutput]) {
    position = replayed.position
    recordedAt = replayed.recordedAt
    moves.removeAll(keepingCapacity: true)
    for output in outputs {
      deliveries?.apply(output)
      if let table = deliveries, table.tracksMoves { moves += table.moves }
    }
    changes = fold.state.changes
    fold.state.forgetChanges()
    counts.add(outputs, filter)
  }

  /// Whether anything was said of a user, or to them.
  public func knows(_ user: UserID) -> Bool {
    fold.state.users[user] != nil || fold.state.conversationsOf[user] != nil
  }

  /// `{user: {conversation: count}}`, zeros left out, in the order of the ids' bytes.
  ///
  /// - Parameter users: Nil: all.
  public func unread(of users: Set<UserID>? = nil) -> JSON {
    let named = users ?? Set(fold.state.conversations.values.flatMap(\.members.keys))
    return .object(
      named.sorted().compactMap { user in
        let counts = fold.state.unread(of: user)
        guard !counts.isEmpty else { return nil }
        let members = counts.map { JSON.Member($0.key.name(seenBy: user), .integer($0.value)) }
        return JSON.Member(
          user.rawValue, .object(members.sorted { Word(rawValue: $0.key) < Word(rawValue: $1.key) })
        )
      })
  }
}

/// What a replay decided, counted.
public struct ReplayCounts: Sendable, Equatable {
  public private(set) var events = 0
  public private(set) var messages = 0
  public private(set) var pushes: [ProviderName: Int] = [:]
  public private(set) var suppressed: [SuppressionReason: Int] = [:]

  public init() {}

  public var decisions: Int {
    pushes.values.reduce(0, +) + suppressed.values.reduce(0, +)
  }

  mutating func add(_ outputs: [FoldOutput], _ filter: ReplayFilter) {
    events += 1
    for case .decided(let decided) in outputs
    where filter.message.map({ $0 == decided.message.id }) ?? true {
      messages += 1
      for decision in decided.decisions where filter.holds(decision.user, decided.message.id) {
        switch decision.verdict {
        case .push(let push): pushes[push.provider, default: 0] += 1
        case .suppressed(let reason): suppressed[reason, default: 0] += 1
        }
      }
    }
  }
}
