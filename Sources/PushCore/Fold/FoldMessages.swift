extension Fold {
  mutating func send(_ message: Message, _ moment: Moment) -> [FoldOutput] {
    guard state.messages[message.id] == nil else { return [] }
    let key = ConversationKey(message.conversation, seenBy: message.sender)
    let addressed = addressed(by: message, in: key)
    let kept = message.onlineOnly ? nil : keep(message, key, addressed, moment.position)
    var notification = notification(of: message, key)
    var decisions: [Decision] = []
    decisions.reserveCapacity(addressed.count)
    var goesBeyondAPNs = false
    var recipients = 0
    let mentioned = Set(message.mentions).union(message.targets)
    for entry in addressed where entry.user != message.sender {
      recipients += 1
      if let reason = suppression(of: message, for: entry, mentioned) {
        decisions.append(Decision(user: entry.user, verdict: .suppressed(reason)))
      } else {
        decide(message, for: entry.user, moment, into: &decisions, &goesBeyondAPNs)
      }
    }
    if goesBeyondAPNs, message.content != nil {
      notification.android = android(of: message, key)
      // A phone that has no stream yet may have one when its vendor refuses this.
      notification.callback = callback(of: message, key, moment)
    }
    return [
      .decided(
        MessageDecisions(
          message: message, state: kept, notification: notification,
          occurredAt: moment.occurredAt, recordedAt: moment.recordedAt,
          position: moment.position, recipients: recipients, decisions: decisions))
    ]
  }

  /// Rule 1.1, in the order of the users' bytes; the sender may be among them, and gets nothing.
  private mutating func addressed(by message: Message, in key: ConversationKey) -> [RosterEntry] {
    switch message.conversation {
    case .user(let peer):
      let receive = state.conversations[key]?.members[peer]?.receive
      return [RosterEntry(user: peer, receive: receive ?? .notify)]
    case .group:
      if message.targets.isEmpty { return state.conversations[key]?.roster() ?? [] }
      let members = state.conversations[key]?.members ?? [:]
      return Set(message.targets).sorted().compactMap { user in
        guard user != message.sender else { return nil }
        return members[user].map { RosterEntry(user: user, receive: $0.receive) }
      }
    }
  }

  /// Rules 1.3 and 1.4: numbers the message in its conversation.
  private mutating func keep(
    _ message: Message, _ key: ConversationKey, _ addressed: [RosterEntry], _ position: Position
  ) -> MessageState {
    var joined: [UserID] = []
    if case .pair(let first, let second) = key {
      for user in [first, second] where state.conversations[key]?.members[user] == nil {
        let sequence = state.conversations[key]?.sequence ?? 0
        put(
          MemberState(joiningAt: 0, sequence: sequence, receive: .notify), user, in: key)
        joined.append(user)
      }
    }
    let toTargets = key.group != nil && !message.targets.isEmpty
    var countedTargets: [UserID] = []
    if message.countsUnread, toTargets {
      countedTargets = addressed.filter { $0.receive != .reject }.map(\.user)
    }
    let sequence = number(
      message.id, in: key, counts: message.countsUnread && !toTargets)
    for user in countedTargets { adjust(user, by: 1, in: key) }
    if sequence > 0, state.conversations[key]?.members[message.sender]?.accepts(sequence) == true {
      adjust(message.sender, by: -1, in: key)
    }
    for user in joined { note(user, in: key, at: position) }
    let kept = MessageState(
      id: message.id, position: position, conversation: key, sender: message.sender,
      sequence: sequence, countedTargets: countedTargets)
    state.messages[message.id] = kept
    return kept
  }

  /// Takes a message into its conversation.
  ///
  /// - Returns: Its sequence, or 0 where it does not count for all members.
  private mutating func number(_ id: MessageID, in key: ConversationKey, counts: Bool) -> Int64 {
    state.changes.conversations.insert(key)
    return Self.number(id, in: &state.conversations[key, default: ConversationState()], counts)
  }

  /// In place: a copy of the conversation would copy all its messages.
  private static func number(
    _ id: MessageID, in conversation: inout ConversationState, _ counts: Bool
  ) -> Int64 {
    conversation.messages.append(id)
    guard counts else { return 0 }
    conversation.sequence += 1
    return conversation.sequence
  }

  private mutating func adjust(_ user: UserID, by difference: Int64, in key: ConversationKey) {
    guard var member = state.conversations[key]?.members[user] else { return }
    member.adjustment += difference
    put(member, user, in: key)
  }

  private func notification(of message: Message, _ key: ConversationKey) -> Notification {
    let names = names(of: message, key)
    return NotificationText.notification(
      of: message, senderName: names.sender, groupName: names.group, language: settings.language)
  }

  private func android(of message: Message, _ key: ConversationKey) -> AndroidNotification {
    let names = names(of: message, key)
    return NotificationText.android(
      of: message, senderName: names.sender, groupName: names.group, language: settings.language)
  }

  private func callback(
    of message: Message, _ key: ConversationKey, _ moment: Moment
  ) -> CallbackFacts {
    let name = names(of: message, key).sender
    return CallbackFacts(
      message: message.id, sentAt: moment.occurredAt, sender: message.sender,
      senderName: name?.isEmpty == false ? name : nil, group: key.group,
      groupName: key.group == nil ? nil : state.conversations[key]?.facts.name)
  }

  /// The sender's name card in the group, else the nickname; the group's name, else its id.
  private func names(
    of message: Message, _ key: ConversationKey
  ) -> (sender: String?, group: String?) {
    let nickname = state.users[message.sender]?.nickname
    guard case .group(let group) = message.conversation else { return (nickname, nil) }
    let conversation = state.conversations[key]
    let name = conversation?.facts.name.flatMap { $0.isEmpty ? nil : $0 } ?? group.rawValue
    guard let card = conversation?.members[message.sender]?.nameCard, !card.isEmpty else {
      return (nickname, name)
    }
    return (card, name)
  }

  // MARK: Deciding

  /// Rules 2.1 to 2.6: why this recipient gets nothing, whatever is known of the user; or nil.
  private func suppression(
    of message: Message, for entry: RosterEntry, _ mentioned: Set<UserID>
  ) -> SuppressionReason? {
    if message.onlineOnly { return .onlineOnly }
    if !message.push || message.facts.pushFlag == 1 { return .pushOffBySender }
    if !message.facts.shows { return .nothingToShow }
    switch entry.receive {
    case .reject: return .rejected
    case .silent:
      if case .group = message.conversation { return .muted }
      return message.overMute ? nil : .muted
    case .mentions where !message.mentionsAll && !mentioned.contains(entry.user):
      return .notMentioned
    case .mentions, .notify: return nil
    }
  }

  /// Rules 2.7 to 2.13, for each device of a recipient.
  private mutating func decide(
    _ message: Message, for id: UserID, _ moment: Moment, into decisions: inout [Decision],
    _ goesBeyondAPNs: inout Bool
  ) {
    guard let place = state.users.index(forKey: id) else {
      decisions.append(Decision(user: id, verdict: .suppressed(.noDevice)))
      return
    }
    // Taken out and put back: changed in place, and looked up once.
    var user = UserState()
    swap(&user, &state.users.values[place])
    defer { swap(&user, &state.users.values[place]) }
    if user.isQuiet(at: moment.occurredAt) {
      decisions.append(Decision(user: id, verdict: .suppressed(.quiet)))
      return
    }
    let derived = user.badge == .derived ? state.totalUnread(of: id) : nil
    var reached = false
    for index in user.devices.indices where message.isFor(user.devices[index].id) {
      reached = true
      if let reason = user.devices[index].suppression {
        decisions.append(
          Decision(user: id, device: user.devices[index], verdict: .suppressed(reason)))
      } else if let push = push(message, &user.devices[index], of: id, derived) {
        if push.provider != .apns || !user.devices[index].fallbacks.isEmpty {
          goesBeyondAPNs = true
        }
        decisions.append(
          Decision(user: id, device: user.devices[index], verdict: .push(push)))
      }
    }
    if !reached { decisions.append(Decision(user: id, verdict: .suppressed(.noDevice))) }
  }

  /// - Parameter derived: The badge where the user's is what is unread in all conversations.
  private mutating func push(
    _ message: Message, _ device: inout DeviceState, of user: UserID, _ derived: Int64?
  ) -> Decision.Push? {
    guard let provider = device.way else { return nil }
    let badge = message.facts.badge(after: device.badge)
    if badge != device.badge {
      device.badge = badge
      state.changes.devices.insert(DeviceKey(user: user, device: device.id))
    }
    let own =
      switch message.conversation {
      case .group: device.settings.groupSound
      case .user: device.settings.c2cSound
      }
    let named = provider == .apns ? nil : message.facts.androidSound
    let sound = named ?? message.facts.sound ?? own.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
    return Decision.Push(
      provider: provider, badge: message.facts.badgeSet ?? derived ?? badge,
      sound: NotificationText.played(sound))
  }

  // MARK: After sending

  /// Rule 3.5: where a push goes after a way to its device was refused for good.
  func next(after attempt: PushAttempt) -> ProviderName? {
    guard attempt.outcome.isRefusal, let user = state.users[attempt.user],
      let index = user.device(attempt.device)
    else { return nil }
    return user.devices[index].way(after: attempt.provider)
  }

  /// An order holds for a delivery of a message that is known. Nothing is sent again of a message that was recalled, nor to a device that nothing
  /// would be sent to now.
  func carryOut(
    _ order: PushOrder, _ kind: DeliveryOrder.Kind, _ moment: Moment
  ) -> [FoldOutput] {
    guard let message = state.messages[order.message] else { return [] }
    if kind == .retry {
      guard !message.recalled, let user = state.users[order.user],
        let index = user.device(order.device), user.devices[index].suppression == nil
      else { return [] }
    }
    return [.ordered(DeliveryOrder(kind, order, of: message.position, moment))]
  }

  mutating func recall(_ id: MessageID, _ moment: Moment) -> [FoldOutput] {
    guard var message = state.messages[id], !message.recalled else { return [] }
    message.recalledAt = moment.position
    state.messages[id] = message
    state.changes.recalled.insert(id)
    let key = message.conversation
    for user in message.countedTargets
    where (state.conversations[key]?.members[user]?.readPosition ?? .max) < message.position {
      adjust(user, by: -1, in: key)
    }
    if message.sequence > 0, let members = state.conversations[key]?.members {
      for (user, member) in members
      where user != message.sender && member.readPosition < message.position
        && member.accepts(message.sequence)
      {
        adjust(user, by: -1, in: key)
      }
    }
    return [cancel(.message(id, at: message.position), .recalled, moment)]
  }

  mutating func read(
    _ user: UserID, _ key: ConversationKey, _ mark: ReadMark, _ moment: Moment
  ) -> [FoldOutput] {
    let position: Position
    switch mark {
    case .message(let id):
      guard let message = state.messages[id] else { return [] }
      position = message.position
    case .position(let named): position = min(named, moment.position)
    }
    guard let conversation = state.conversations[key], var member = conversation.members[user],
      position > member.readPosition
    else { return [] }
    let later = conversation.messages.reversed().lazy
      .compactMap { [messages = state.messages] in messages[$0] }
      .prefix { $0.position > position }
    member.read(upTo: position, by: user, sequence: conversation.sequence, later: later)
    put(member, user, in: key)
    note(user, in: key, at: moment.position)
    guard settings.cancelsOnRead else { return [] }
    return [cancel(.read(user, key, upTo: position), .read, moment)]
  }

  /// Sets a count, at most to the conversation's messages; the read mark stays where it is.
  mutating func setUnread(
    _ unread: Int64, of user: UserID, in key: ConversationKey, at position: Position
  ) {
    guard let conversation = state.conversations[key], var member = conversation.members[user]
    else { return }
    let counted = (member.frozenAt ?? conversation.sequence) - member.readSequence
    member.adjustment = min(unread, conversation.sequence) - counted
    put(member, user, in: key)
    note(user, in: key, at: position)
  }
}
