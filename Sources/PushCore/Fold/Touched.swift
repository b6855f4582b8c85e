/// What must be in a ``FoldState`` before events can be folded over it.
///
/// Filled in two rounds, since an event may name a message whose conversation is not known yet.
public struct Touched: Sendable, Equatable {
  /// Users by name: with all their devices.
  public var users: Set<UserID> = []
  /// Groups: with all members, and all members' users and devices.
  public var groups: Set<GroupID> = []
  /// Pairs: with both members.
  public var pairs: Set<ConversationKey> = []
  public var messages: Set<MessageID> = []
  /// Tokens, for whoever holds them now.
  public var tokens: Set<TokenKey> = []
  /// Messages that are recalled: their conversations are touched too.
  public var recalls: Set<MessageID> = []
  /// Read marks that may move: their conversation's later messages are recounted.
  public var marks: [MemberKey: Set<ReadMark>] = [:]
  /// Users whose badge becomes derived: with all their conversations.
  public var derived: Set<UserID> = []

  public init() {}

  /// Adds what one event names.
  public mutating func add(_ body: EventBody) {
    switch body {
    case .userUpdated(let update):
      users.insert(update.user)
      if update.badge == .set(.derived) { derived.insert(update.user) }
    case .userDeleted(let user), .userLabelled(let user, _): users.insert(user)
    case .groupUpdated(let update): groups.insert(update.group)
    case .groupDissolved(let group): groups.insert(group)
    case .memberAdded(let group, let user, _, _), .groupReceiveChanged(let group, let user, _),
      .memberRemoved(let group, let user):
      users.insert(user)
      groups.insert(group)
    case .conversationReceiveChanged(let user, let peer, _), .unreadSet(let user, let peer, _):
      add(ConversationKey(peer, seenBy: user))
    case .deviceLoggedIn(let login): users.insert(login.user)
    case .deviceRegistered(let registration):
      users.insert(registration.user)
      let token = TokenKey(provider: registration.provider, sha256: registration.tokenSHA256)
      for token in [token] + registration.fallbacks.map(\.registered) where token.namesOneDevice {
        tokens.insert(token)
      }
    case .deviceSettingsChanged(let user, _, _), .deviceBackgrounded(let user, _, _),
      .deviceUnregistered(let user, _), .deviceForegrounded(let user, _),
      .deviceKilled(let user, _), .deviceLoggedOut(let user, _), .deviceOffline(let user, _):
      users.insert(user)
    case .tokenInvalidated(let invalidation): users.insert(invalidation.user)
    case .messageSent(let message): add(message)
    case .messageRecalled(let id, _):
      messages.insert(id)
      recalls.insert(id)
    case .conversationRead(let user, let peer, let mark):
      let key = ConversationKey(peer, seenBy: user)
      add(key)
      marks[MemberKey(conversation: key, user: user), default: []].insert(mark)
      if case .message(let id) = mark { messages.insert(id) }
    case .pushAttempted(let attempt):
      // Another way may be tried.
      if attempt.outcome.isRefusal { users.insert(attempt.user) }
    case .pushCancelled(let order): messages.insert(order.message)
    case .pushRetried(let order):
      messages.insert(order.message)
      users.insert(order.user)
    case .attributesNamed, .messageRefused, .broadcastStarted, .broadcastFinished, .eventSkipped,
      .contentErased, .pushDelivered, .pushOpened, .pushNotShown:
      break
    }
  }

  private mutating func add(_ message: Message) {
    messages.insert(message.id)
    users.insert(message.sender)
    switch message.conversation {
    case .group(let group): groups.insert(group)
    case .user(let peer):
      users.insert(peer)
      pairs.insert(ConversationKey(message.conversation, seenBy: message.sender))
    }
  }

  private mutating func add(_ key: ConversationKey) {
    switch key {
    case .group(let group):
      groups.insert(group)
    case .pair: pairs.insert(key)
    }
  }
}
