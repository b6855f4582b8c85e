/// What an app's settings mean to the fold.
public struct FoldSettings: Sendable, Equatable {
  public var language: MessageContent.Language
  /// Whether a due delivery is called off when its message was read.
  public var cancelsOnRead: Bool
  /// Whether a due delivery is called off when its device comes to the foreground.
  public var cancelsOnForeground: Bool

  public init(
    language: MessageContent.Language = .en, cancelsOnRead: Bool = true,
    cancelsOnForeground: Bool = true
  ) {
    self.language = language
    self.cancelsOnRead = cancelsOnRead
    self.cancelsOnForeground = cancelsOnForeground
  }
}

/// Folds an app's events into its state: the rules of `docs/decisions.md`, with no I/O and no
/// clock, so that the same events always give the same decisions (G7).
public struct Fold: Sendable {
  public var state: FoldState
  public let settings: FoldSettings

  public init(_ state: FoldState = FoldState(), settings: FoldSettings = FoldSettings()) {
    self.state = state
    self.settings = settings
  }

  /// Moves the state by one event, which follows all that were applied before.
  ///
  /// - Returns: What is to be done or kept beside the state, in order.
  public mutating func apply(
    _ body: EventBody, at position: Position, occurredAt: Timestamp, recordedAt: Timestamp
  ) -> [FoldOutput] {
    let moment = Moment(position: position, occurredAt: occurredAt, recordedAt: recordedAt)
    switch body {
    case .userUpdated(let update): apply(update)
    case .userDeleted(let user): return delete(user, moment)
    case .userLabelled(let user, let change): label(user, change)
    case .groupUpdated(let update): apply(update)
    case .memberAdded(let group, let user, let receive, let nameCard):
      add(user, to: group, receive: receive, nameCard: nameCard, at: position)
    case .groupReceiveChanged(let group, let user, let receive):
      setReceive(receive, of: user, in: .group(group), createsPair: false, at: position)
    case .memberRemoved(let group, let user): remove(user, from: group, at: position)
    case .groupDissolved(let group): dissolve(group, at: position)
    case .conversationReceiveChanged(let user, let peer, let receive):
      setReceive(
        receive, of: user, in: ConversationKey(peer, seenBy: user), createsPair: true, at: position)
    case .deviceLoggedIn(let login): return logIn(login, moment)
    case .deviceRegistered(let registration): return register(registration, moment)
    case .deviceSettingsChanged(let user, let device, let settings):
      change(user, device) { $0.settings = $0.settings.merged(with: settings) }
    case .deviceUnregistered(let user, let device): return unregister(user, device, moment)
    case .tokenInvalidated(let invalidation): invalidate(invalidation)
    case .deviceForegrounded(let user, let device): return foreground(user, device, moment)
    case .deviceBackgrounded(let user, let device, let unread):
      hear(of: user, device, moment) {
        $0.activity = .background
        $0.badge = unread
      }
    case .deviceKilled(let user, let device):
      hear(of: user, device, moment) { $0.activity = .killed }
    case .deviceLoggedOut(let user, let device): return logOut(user, device, moment)
    case .deviceOffline(let user, let device): return giveUp(user, device, moment)
    case .messageSent(let message): return send(message, moment)
    case .messageRecalled(let message, _): return recall(message, moment)
    case .conversationRead(let user, let peer, let mark):
      return read(user, ConversationKey(peer, seenBy: user), mark, moment)
    case .unreadSet(let user, let peer, let unread):
      setUnread(unread, of: user, in: ConversationKey(peer, seenBy: user), at: position)
    case .attributesNamed, .messageRefused, .broadcastStarted, .broadcastFinished, .eventSkipped:
      break
    case .contentErased(let erasure):
      return [cancel(.erased(erasure.positions.filter { $0 < position }), .erased, moment)]
    case .pushAttempted(let attempt):
      return [
        .attempted(
          attempt, position: position, recordedAt: recordedAt, next: next(after: attempt))
      ]
    case .pushDelivered(let receipt): return [.delivered(receipt, at: position)]
    case .pushOpened(let receipt): return [.opened(receipt, at: position)]
    case .pushNotShown(let receipt, let reason):
      return [.notShown(receipt, reason: reason, at: position)]
    case .pushCancelled(let order): return carryOut(order, .cancel, moment)
    case .pushRetried(let order): return carryOut(order, .retry, moment)
    }
    return []
  }
}

/// When and where in the ledger an event stands.
struct Moment {
  var position: Position
  var occurredAt: Timestamp
  var recordedAt: Timestamp
}

// MARK: - Users and groups

extension Fold {
  private mutating func apply(_ update: UserUpdate) {
    var user = state.users[update.user] ?? UserState()
    user.nickname = update.nickname.applied(to: user.nickname)
    user.quietHours = update.quietHours.applied(to: user.quietHours)
    user.mutedUntil = update.mutedUntil.applied(to: user.mutedUntil)
    user.badge = update.badge.applied(to: user.badge)
    user.deleted = false
    state.users[update.user] = user
    state.changes.users.insert(update.user)
  }

  private mutating func label(_ id: UserID, _ change: LabelChange) {
    var user = state.users[id] ?? UserState()
    user.labels = (user.labels ?? Labels()).applying(change)
    state.users[id] = user
    state.changes.users.insert(id)
  }

  /// What was known of a user goes, with the devices; groups are left one by one.
  private mutating func delete(_ id: UserID, _ moment: Moment) -> [FoldOutput] {
    let devices = state.users[id]?.devices.map(\.id) ?? []
    let outputs = devices.flatMap { unregister(id, $0, moment) }
    var user = UserState()
    user.deleted = true
    state.users[id] = user
    state.changes.users.insert(id)
    return outputs
  }

  /// All its members leave; the group can be made again.
  private mutating func dissolve(_ group: GroupID, at position: Position) {
    let members = state.conversations[.group(group)]?.roster() ?? []
    state.conversations[.group(group)]?.forgetRoster()
    for member in members { remove(member.user, from: group, at: position) }
    guard state.conversations[.group(group)] != nil else { return }
    state.conversations[.group(group)]?.facts = GroupFacts()
    state.changes.conversations.insert(.group(group))
  }

  private mutating func apply(_ update: GroupUpdate) {
    let key = ConversationKey.group(update.group)
    var facts = state.conversations[key]?.facts ?? GroupFacts()
    facts.name = update.name.applied(to: facts.name)
    facts.kind = update.kind ?? facts.kind
    facts.owner = update.owner ?? facts.owner
    state.conversations[key, default: ConversationState()].facts = facts
    state.changes.conversations.insert(key)
  }

  private mutating func add(
    _ user: UserID, to group: GroupID, receive: ReceiveOption?, nameCard: Change<String>,
    at position: Position
  ) {
    let key = ConversationKey.group(group)
    let sequence = state.conversations[key]?.sequence ?? 0
    var member: MemberState
    if let present = state.conversations[key]?.members[user] {
      member = present
      if let receive { member.setReceive(receive, sequence: sequence) }
    } else {
      member = MemberState(
        joiningAt: position, sequence: sequence, receive: receive ?? .notify)
      if state.conversations[key] == nil { state.changes.conversations.insert(key) }
    }
    member.nameCard = nameCard.applied(to: member.nameCard)
    let moves = receive != nil || state.conversations[key]?.members[user] == nil
    put(member, user, in: key)
    if moves { note(user, in: key, at: position) }
  }

  private mutating func remove(_ user: UserID, from group: GroupID, at position: Position) {
    let key = ConversationKey.group(group)
    guard state.conversations[key]?.remove(user) != nil else { return }
    state.conversationsOf[user]?.remove(key)
    if state.conversations[key]?.facts.owner == user {
      state.conversations[key]?.facts.owner = nil
      state.changes.conversations.insert(key)
    }
    let member = MemberKey(conversation: key, user: user)
    state.changes.members.remove(member)
    state.changes.removedMembers.insert(member)
    note(user, in: key, at: position)
  }

  private mutating func setReceive(
    _ receive: ReceiveOption, of user: UserID, in key: ConversationKey, createsPair: Bool,
    at position: Position
  ) {
    let sequence = state.conversations[key]?.sequence ?? 0
    if var member = state.conversations[key]?.members[user] {
      member.setReceive(receive, sequence: sequence)
      put(member, user, in: key)
    } else if createsPair, case .pair = key {
      state.changes.conversations.insert(key)
      put(
        MemberState(joiningAt: 0, sequence: sequence, receive: receive), user, in: key)
    } else {
      return
    }
    note(user, in: key, at: position)
  }

  mutating func put(_ member: MemberState, _ user: UserID, in key: ConversationKey) {
    let known = state.conversations[key, default: ConversationState()].put(member, user)
    let memberKey = MemberKey(conversation: key, user: user)
    state.changes.members.insert(memberKey)
    guard known == nil else { return }
    state.changes.removedMembers.remove(memberKey)
    state.conversationsOf[user, default: []].insert(key)
  }

  /// Keeps how a member stands now that an event moved them.
  mutating func note(_ user: UserID, in key: ConversationKey, at position: Position) {
    state.changes.standings.append(
      Standing(
        member: MemberKey(conversation: key, user: user), position: position,
        state: state.conversations[key]?.members[user]))
  }
}
