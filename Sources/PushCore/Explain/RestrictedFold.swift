/// An event as a fold takes it.
public struct HistoryEvent: Sendable, Equatable {
  public var position: Position
  public var occurredAt: Timestamp
  public var recordedAt: Timestamp
  public var type: EventType
  public var body: EventBody

  public init(
    position: Position, occurredAt: Timestamp, recordedAt: Timestamp, type: EventType,
    body: EventBody
  ) {
    self.position = position
    self.occurredAt = occurredAt
    self.recordedAt = recordedAt
    self.type = type
    self.body = body
  }
}

/// The event that something is so since.
public struct Since: Sendable, Equatable {
  public var position: Position
  public var at: Timestamp
  public var type: EventType

  public init(_ event: HistoryEvent) {
    position = event.position
    at = event.occurredAt
    type = event.type
  }
}

/// The fold over as much of a ledger as one message's recipients depend on, which remembers since
/// when what it knows is so.
///
///     events of a few users, their devices, one group ─► Fold ─┐
///     what earlier messages left: badges, unread counts ───────┴─► the message ─► decisions
///
/// Of earlier messages it sees none: whoever has it decide puts in what they left behind.
public struct RestrictedFold: Sendable {
  public private(set) var fold: Fold
  private var devices: [DeviceKey: DeviceTrace] = [:]
  private var memberships: [MemberKey: MemberTrace] = [:]
  private var derived: [UserID: [(position: Position, isDerived: Bool)]] = [:]

  private struct DeviceTrace {
    var word: String
    var since: Since
    /// The last event that said what the badge is.
    var badgeSetAt: Position
  }

  private struct MemberTrace {
    var receive: ReceiveOption?
    var since: Since?
    var leftAt: Position?
  }

  public init(settings: FoldSettings) { fold = Fold(settings: settings) }

  /// Applies an event, which follows all that were applied before.
  public mutating func apply(_ event: HistoryEvent) {
    let known = newDevice(event.body)
    _ = fold.apply(
      event.body, at: event.position, occurredAt: event.occurredAt, recordedAt: event.recordedAt)
    let changes = fold.state.changes
    for key in changes.removedDevices { devices[key] = nil }
    for key in changes.devices { trace(key, event, isNew: known == key) }
    for key in changes.members { trace(key, event) }
    for key in changes.removedMembers { memberships[key] = MemberTrace(leftAt: event.position) }
    for user in changes.users { traceBadge(of: user, event.position) }
    fold.state.forgetChanges()
  }

  /// The device that a registration makes known.
  private func newDevice(_ body: EventBody) -> DeviceKey? {
    guard case .deviceRegistered(let new) = body else { return nil }
    let key = DeviceKey(user: new.user, device: new.device)
    return device(key) == nil ? key : nil
  }

  private mutating func trace(_ key: DeviceKey, _ event: HistoryEvent, isNew: Bool) {
    guard let device = device(key) else { return }
    var trace =
      devices[key]
      ?? DeviceTrace(word: device.word, since: Since(event), badgeSetAt: event.position)
    if trace.word != device.word {
      trace.word = device.word
      trace.since = Since(event)
    }
    let saysBadge =
      switch event.body {
      case .deviceForegrounded, .deviceBackgrounded: true
      case .deviceLoggedIn(let login): login.device == key.device
      default: isNew
      }
    if saysBadge { trace.badgeSetAt = event.position }
    devices[key] = trace
  }

  private mutating func trace(_ key: MemberKey, _ event: HistoryEvent) {
    let receive = fold.state.conversations[key.conversation]?.members[key.user]?.receive
    guard memberships[key]?.receive != receive else { return }
    memberships[key] = MemberTrace(receive: receive, since: Since(event))
  }

  private mutating func traceBadge(of user: UserID, _ position: Position) {
    let isDerived = fold.state.users[user]?.badge == .derived
    guard (derived[user]?.last?.isDerived ?? false) != isDerived else { return }
    derived[user, default: []].append((position, isDerived))
  }

  // MARK: What is known

  public func device(_ key: DeviceKey) -> DeviceState? {
    fold.state.users[key.user]?.devices.first { $0.id == key.device }
  }

  public func since(_ key: DeviceKey) -> Since? { devices[key]?.since }

  public func since(_ key: MemberKey) -> Since? { memberships[key]?.since }

  /// Where a user left a group that they are not in.
  public func left(_ key: MemberKey) -> Position? { memberships[key]?.leftAt }

  /// The last event that said what a device's badge is; pushes after it count on from there.
  public func badgeSetAt(_ key: DeviceKey) -> Position { devices[key]?.badgeSetAt ?? 0 }

  /// Whether a user's badge was derived at a position.
  public func isDerived(_ user: UserID, at position: Position) -> Bool {
    derived[user]?.last { $0.position < position }?.isDerived ?? false
  }

  // MARK: What earlier messages left

  /// The badge that a device had before the message.
  public mutating func set(badge: Int64, of key: DeviceKey) {
    guard let index = fold.state.users[key.user]?.device(key.device) else { return }
    fold.state.users[key.user]?.devices[index].badge = badge
  }

  /// Has the message decided.
  ///
  /// - Parameter unread: Of users whose badge is derived: the sum of all that is unread, this
  ///   message included. The fold, which sees no earlier message, cannot know it.
  public mutating func decide(
    _ event: HistoryEvent, unread: [UserID: Int64] = [:]
  ) -> MessageDecisions? {
    let outputs = fold.apply(
      event.body, at: event.position, occurredAt: event.occurredAt, recordedAt: event.recordedAt)
    for case .decided(var decided) in outputs {
      for index in decided.decisions.indices {
        guard case .push(var push) = decided.decisions[index].verdict,
          let sum = unread[decided.decisions[index].user]
        else { continue }
        push.badge = decided.message.facts.badgeSet ?? sum
        decided.decisions[index].verdict = .push(push)
      }
      return decided
    }
    return nil
  }
}

extension DeviceState {
  /// What decides: why it gets no push, else what its app is doing, else `unreported`.
  public var word: String {
    suppression?.rawValue ?? activity?.rawValue ?? "unreported"
  }

  /// The provider that a push to it would go by now.
  public var provider: ProviderName? { way }
}
