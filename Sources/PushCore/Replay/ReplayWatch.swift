/// What somebody wants to see of a replay; what is left out is no condition.
public struct ReplayFilter: Sendable, Equatable {
  public var users: Set<UserID>
  public var message: MessageID?
  public var types: Set<EventType>

  public init(users: Set<UserID> = [], message: MessageID? = nil, types: Set<EventType> = []) {
    self.users = users
    self.message = message
    self.types = types
  }

  /// Whether a decision or delivery is looked at.
  func holds(_ user: UserID, _ id: MessageID) -> Bool {
    (users.isEmpty || users.contains(user)) && (message.map { $0 == id } ?? true)
  }
}

/// An event that somebody watches, with what it changed.
public struct WatchedStep: Sendable {
  public var event: ReplayedEvent
  public var changes: [StateChange]
  /// What was decided for those that are watched.
  public var decisions: [Decision]
}

/// Picks the events that matter out of a replay, and tells the state before and after each.
///
///     replay.apply(event) ─► what moved ─► watched? ─► fields now − fields when last seen
///
/// It sees every event of the replay, for it keeps what it saw of each thing that is watched.
public struct ReplayWatch: Sendable {
  public let filter: ReplayFilter
  private var seen: [StateSubject: [JSON.Member]] = [:]

  public init(_ filter: ReplayFilter) { self.filter = filter }

  /// - Parameters:
  ///   - replay: Right after it took `event`; its table must track moves.
  ///   - outputs: What that gave back.
  /// - Returns: Nil where the event does not matter to those that are watched.
  public mutating func step(
    _ event: ReplayedEvent, _ outputs: [FoldOutput], in replay: Replay
  ) -> WatchedStep? {
    var changes: [StateChange] = []
    for subject in subjects(replay) {
      let now = replay.fold.state.fields(of: subject)
      changes += StateChange.between(
        seen.updateValue(now, forKey: subject) ?? [], now, of: subject.description)
    }
    changes += deliveries(replay)
    var decisions: [Decision] = []
    for case .decided(let decided) in outputs {
      decisions += decided.decisions.filter { filter.holds($0.user, decided.message.id) }
    }
    guard filter.types.isEmpty || filter.types.contains(event.event.type) else { return nil }
    guard !changes.isEmpty || !decisions.isEmpty || isNamed(event.event) else { return nil }
    return WatchedStep(event: event, changes: changes, decisions: decisions)
  }

  // MARK: What is looked at

  private func subjects(_ replay: Replay) -> [StateSubject] {
    let moved = replay.changes
    var subjects: [StateSubject] = []
    if let message = filter.message {
      return replay.fold.state.messages[message] == nil ? [] : [.message(message)]
    }
    subjects += moved.users.filter(watches).sorted().map { .user($0) }
    let devices = moved.devices.union(moved.removedDevices).filter { watches($0.user) }
    subjects += devices.sorted().map { .device($0) }
    if filter.users.isEmpty {
      subjects += moved.conversations.sorted { $0.storedName < $1.storedName }
        .map { .conversation($0) }
    }
    var members = moved.members.union(moved.removedMembers).filter { watches($0.user) }
    for key in moved.conversations {
      for user in filter.users where replay.fold.state.conversations[key]?.members[user] != nil {
        members.insert(MemberKey(conversation: key, user: user))
      }
    }
    subjects += members.sorted().map { .member($0) }
    return subjects
      + moved.recalled.filter { _ in filter.users.isEmpty }.sorted().map { .message($0) }
  }

  private func watches(_ user: UserID) -> Bool {
    filter.users.isEmpty || filter.users.contains(user)
  }

  /// Whether the event itself is about those that are watched, though it changes nothing.
  private func isNamed(_ event: NewEvent) -> Bool {
    if let message = filter.message { return event.stream == .message(message) }
    guard !filter.users.isEmpty else { return true }
    return filter.users.contains { user in
      event.stream == .user(user)
        || event.stream.rawValue.hasPrefix(StreamName.deviceRange(of: user).first)
    }
  }

  private func deliveries(_ replay: Replay) -> [StateChange] {
    guard let table = replay.deliveries else { return [] }
    return replay.moves.flatMap { move -> [StateChange] in
      let now = table[move.place]
      guard filter.holds(now.user, now.message) else { return [] }
      let device = now.device.map { "/\($0)" } ?? ""
      return StateChange.between(
        move.before?.fields ?? [], now.fields, of: "delivery \(now.message) to \(now.user)\(device)"
      )
    }
  }
}

extension MessageDecisions {
  /// Leaves out the decisions that nobody watches.
  public mutating func keep(_ filter: ReplayFilter) {
    decisions.removeAll { !filter.holds($0.user, message.id) }
  }
}

extension DeliveryTable.Delivery {
  /// What changes of a delivery after it was decided, and how it began.
  public var fields: [JSON.Member] {
    let values: [(String, JSON?)] = [
      ("status", .string(status.rawValue)), ("reason", reason.map { .string($0) }),
      ("provider", provider.map { .string($0.rawValue) }), ("badge", badge.map { .integer($0) }),
      ("attempts", attempts > 0 ? .integer(attempts) : nil),
      ("ended_at", endedAt.map { JSON($0) }), ("delivered_at", deliveredAt.map { JSON($0) }),
      ("opened_at", openedAt.map { JSON($0) }), ("not_shown_at", notShownAt.map { JSON($0) }),
      ("not_shown_reason", notShownReason.map { .string($0) }),
    ]
    return values.compactMap { name, value in value.map { JSON.Member(name, $0) } }
  }
}

extension DeviceKey: Comparable {
  /// In the order of users, then devices.
  public static func < (left: DeviceKey, right: DeviceKey) -> Bool {
    left.user == right.user ? left.device < right.device : left.user < right.user
  }
}

extension MemberKey: Comparable {
  /// In the order of conversations' stored names, then users.
  public static func < (left: MemberKey, right: MemberKey) -> Bool {
    if left.conversation == right.conversation { return left.user < right.user }
    return Word(rawValue: left.conversation.storedName)
      < Word(rawValue: right.conversation.storedName)
  }
}
