/// Everything the fold knows of one app, or as much of it as the events at hand touch.
///
/// Whoever folds a part of a ledger over stored state puts in what the events touch
/// (``Touched``) and takes out what ``changes`` names; see `Projections`.
public struct FoldState: Sendable {
  public internal(set) var users: [UserID: UserState] = [:]
  public internal(set) var conversations: [ConversationKey: ConversationState] = [:]
  public internal(set) var messages: [MessageID: MessageState] = [:]
  /// The device that registered a token last, among those that hold it now.
  var holders: [TokenKey: DeviceKey] = [:]
  /// The conversations that a user has a part in.
  var conversationsOf: [UserID: Set<ConversationKey>] = [:]
  public internal(set) var changes = FoldChanges()

  public init() {}

  /// Messages that the state holds: what its size goes by, with ``users`` and members.
  public var size: Int {
    messages.count + users.count + conversations.values.reduce(0) { $0 + $1.members.count }
  }

  /// The user's unread count in each conversation, zeros left out.
  public func unread(of user: UserID) -> [ConversationKey: Int64] {
    var counts: [ConversationKey: Int64] = [:]
    for key in conversationsOf[user] ?? [] {
      if let count = conversations[key]?.unread(of: user), count > 0 { counts[key] = count }
    }
    return counts
  }

  func totalUnread(of user: UserID) -> Int64 {
    (conversationsOf[user] ?? []).reduce(0) { $0 + (conversations[$1]?.unread(of: user) ?? 0) }
  }

  public mutating func forgetChanges() { changes = FoldChanges() }
}

/// What the fold moved since the changes were last forgotten.
public struct FoldChanges: Sendable, Equatable {
  public var users: Set<UserID> = []
  public var devices: Set<DeviceKey> = []
  public var removedDevices: Set<DeviceKey> = []
  /// Devices whose ways beside the first changed.
  public var fallbacks: Set<DeviceKey> = []
  public var conversations: Set<ConversationKey> = []
  public var members: Set<MemberKey> = []
  public var removedMembers: Set<MemberKey> = []
  public var recalled: Set<MessageID> = []
  /// In the order of the events.
  public var standings: [Standing] = []

  mutating func removed(_ device: DeviceKey) {
    devices.remove(device)
    fallbacks.remove(device)
    removedDevices.insert(device)
  }
}

/// How a member stood in a conversation right after an event that moved them in it.
///
/// Of what comes later only what others send, own messages and recalls count until the next one: so
/// the newest before a position is enough to tell how much was unread there.
public struct Standing: Sendable, Equatable {
  public var member: MemberKey
  public var position: Position
  /// Nil where they left.
  public var state: MemberState?
}

public struct MemberKey: Hashable, Sendable {
  public var conversation: ConversationKey
  public var user: UserID

  public init(conversation: ConversationKey, user: UserID) {
    self.conversation = conversation
    self.user = user
  }
}

// MARK: - Putting stored state in

extension FoldState {
  public mutating func insert(_ state: UserState, for user: UserID) {
    users[user] = state
    for device in state.devices where !device.loggedOut {
      for token in device.tokens {
        holders[token] = DeviceKey(user: user, device: device.id)
      }
    }
  }

  /// Puts a conversation in, or moves its sequence and facts, keeping the members it has.
  public mutating func insert(
    conversation key: ConversationKey, facts: GroupFacts, sequence: Int64
  ) {
    var state = conversations[key] ?? ConversationState()
    state.facts = facts
    state.sequence = sequence
    conversations[key] = state
  }

  public mutating func insert(_ member: MemberState, _ user: UserID, in key: ConversationKey) {
    conversations[key, default: ConversationState()].put(member, user)
    conversationsOf[user, default: []].insert(key)
  }

  /// Puts stored messages in. Recounting a read mark takes them in the order of positions.
  public mutating func insert(_ stored: [MessageState]) {
    var grown: Set<ConversationKey> = []
    for message in stored where messages[message.id] == nil {
      messages[message.id] = message
      conversations[message.conversation, default: ConversationState()].messages
        .append(message.id)
      grown.insert(message.conversation)
    }
    for key in grown {
      let positions = messages
      conversations[key]?.messages.sort {
        (positions[$0]?.position ?? 0) < (positions[$1]?.position ?? 0)
      }
    }
  }
}
