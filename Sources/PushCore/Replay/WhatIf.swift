/// Other settings than the ledger says, to see what they would have changed.
///
/// From ``fromPosition`` on the values that are named hold, whatever later events say; all else
/// goes as the ledger has it. A call-off that only a value named here could have led to is left out.
public struct WhatIf: Sendable, Equatable {
  public struct User: Sendable, Equatable {
    public var quietHours: Change<QuietHours> = .keep
    public var mutedUntil: Change<Timestamp> = .keep
    public var badge: BadgeSource?
    public var nickname: Change<String> = .keep

    public init() {}
  }

  public struct Device: Sendable, Equatable {
    public var activity: DeviceState.Activity?
    public var settings = DeviceSettings()
    public var tokenValid: Bool?
    public var loggedOut: Bool?
    public var offline: Bool?

    public init() {}
  }

  public var language: MessageContent.Language?
  public var cancelsOnRead: Bool?
  public var cancelsOnForeground: Bool?
  public var users: [UserID: User] = [:]
  public var devices: [DeviceKey: Device] = [:]
  public var receive: [MemberKey: ReceiveOption] = [:]
  /// Nil: from the first event on, or from the message that is watched.
  public var fromPosition: Position?

  public init() {}

  /// The users whose decisions alone it can change; nil: anybody's.
  public var onlyUsers: Set<UserID>? {
    guard language == nil, cancelsOnRead == nil, cancelsOnForeground == nil,
      users.values.allSatisfy({ $0.nickname == .keep })
    else { return nil }
    return Set(users.keys).union(devices.keys.map(\.user)).union(receive.keys.map(\.user))
  }

  /// The settings that hold in place of an app's.
  public func settings(over settings: FoldSettings) -> FoldSettings {
    FoldSettings(
      language: language ?? settings.language,
      cancelsOnRead: cancelsOnRead ?? settings.cancelsOnRead,
      cancelsOnForeground: cancelsOnForeground ?? settings.cancelsOnForeground)
  }
}

/// The same events folded twice: as they were, and with other settings.
///
///     event ─┬─► base ────────────────────────────► decisions ─┐
///            └─► other ◄─ the named values, held ─► decisions ─┴─► what differs
public struct WhatIfReplay: Sendable {
  public let whatIf: WhatIf
  public private(set) var base: Replay
  public private(set) var other: Replay
  private let message: MessageID?
  /// Whether an event came from which on the values hold.
  public private(set) var hasBegun = false
  /// What was named and is known by now.
  private var found: Set<StateSubject> = []

  /// - Parameters:
  ///   - base: At its beginning.
  ///   - message: From which on the values hold, where no position is named; nil: from the first
  ///     event on.
  public init(_ whatIf: WhatIf, base: Replay, message: MessageID? = nil) {
    self.whatIf = whatIf
    self.base = base
    self.message = message
    other = base
  }

  /// What is named by the other settings and was met nowhere in the events.
  public var missing: [StateSubject] {
    let named =
      whatIf.users.keys.sorted().map { StateSubject.user($0) }
      + whatIf.devices.keys.sorted().map { .device($0) }
      + whatIf.receive.keys.sorted().map { .member($0) }
    return named.filter { !found.contains($0) }
  }

  /// - Returns: The decisions that differ, in the order of users and devices.
  public mutating func apply(_ event: ReplayedEvent) -> [DecisionDifference] {
    let expected = base.apply(event)
    guard begins(at: event) else {
      other.apply(event)
      return []
    }
    if other.fold.settings != whatIf.settings(over: other.fold.settings) {
      other.fold = Fold(
        other.fold.state, settings: whatIf.settings(over: other.fold.settings))
    }
    found.formUnion(whatIf.hold(in: &other.fold.state))
    let whatIf = whatIf
    let outputs = other.apply(event, leavingOut: whatIf.leavesOut)
    return DecisionDifference.between(expected, outputs).filter {
      base.filter.holds($0.user, $0.message)
    }
  }

  private mutating func begins(at event: ReplayedEvent) -> Bool {
    if hasBegun { return true }
    if let position = whatIf.fromPosition {
      hasBegun = event.position >= position
    } else if let message {
      hasBegun = event.event.type == .messageSent && event.event.stream == .message(message)
    } else {
      hasBegun = true
    }
    return hasBegun
  }

  /// Deliveries that were decided alike, and ended otherwise.
  ///
  /// - Returns: How many there are, and the first of them.
  public func endings(
    limit: Int
  ) -> (count: Int, first: [(base: DeliveryTable.Delivery, other: DeliveryTable.Delivery)]) {
    guard let left = base.deliveries, let right = other.deliveries else { return (0, []) }
    var count = 0
    var first: [(DeliveryTable.Delivery, DeliveryTable.Delivery)] = []
    for place in 0..<left.count {
      let delivery = left[place]
      guard base.filter.holds(delivery.user, delivery.message),
        let there = right.place(of: delivery.id).map({ right[$0] }),
        there.status != delivery.status || there.reason != delivery.reason
      else { continue }
      count += 1
      if first.count < limit { first.append((delivery, there)) }
    }
    return (count, first)
  }
}

extension WhatIf {
  /// Puts the values in.
  ///
  /// - Returns: What was there to take them.
  fileprivate func hold(in state: inout FoldState) -> Set<StateSubject> {
    var found: Set<StateSubject> = []
    for (user, values) in users where state.users[user] != nil {
      found.insert(.user(user))
      state.users[user]?.hold(values)
    }
    for (key, values) in devices {
      guard let index = state.users[key.user]?.device(key.device) else { continue }
      found.insert(.device(key))
      state.users[key.user]?.devices[index].hold(values)
    }
    for (key, option) in receive {
      guard var member = state.conversations[key.conversation]?.members[key.user] else { continue }
      found.insert(.member(key))
      guard member.receive != option else { continue }
      member.setReceive(option, sequence: state.conversations[key.conversation]?.sequence ?? 0)
      state.conversations[key.conversation]?.put(member, key.user)
    }
    return found
  }

  /// Whether a call-off came of what is held otherwise.
  fileprivate func leavesOut(_ output: FoldOutput) -> Bool {
    guard case .cancelled(let cancellation) = output,
      case .device(let user, let device) = cancellation.scope,
      let held = devices[DeviceKey(user: user, device: device)]
    else { return false }
    switch cancellation.reason {
    case .foreground: return held.activity.map { $0 != .foreground } ?? false
    case .loggedOut: return held.loggedOut == false
    case .offline: return held.offline == false
    case .read, .recalled, .erased, .expired, .operator: return false
    }
  }
}

extension UserState {
  fileprivate mutating func hold(_ values: WhatIf.User) {
    quietHours = values.quietHours.applied(to: quietHours)
    mutedUntil = values.mutedUntil.applied(to: mutedUntil)
    badge = values.badge ?? badge
    nickname = values.nickname.applied(to: nickname)
  }
}

extension DeviceState {
  fileprivate mutating func hold(_ values: WhatIf.Device) {
    activity = values.activity ?? activity
    settings = settings.merged(with: values.settings)
    tokenValid = values.tokenValid ?? tokenValid
    loggedOut = values.loggedOut ?? loggedOut
    offline = values.offline ?? offline
  }
}
