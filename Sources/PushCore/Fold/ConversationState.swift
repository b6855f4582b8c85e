// Unread by counting
//
// A conversation numbers the messages that count for all its members: sequence 1, 2, 3 …
// A member keeps the sequence up to which all is read, and an adjustment for what differs:
//
//     unread = (frozen at ?? sequence) − readSequence + adjustment
//
//     sequence      1   2   3   4   5   6          adjustment: −1 each own or recalled message
//     member              ▲ read        ▲ now                  +1 each message to chosen targets
//
// So a message to 10,000 members moves one number. While a member's receive option is `reject`
// the count is frozen at the sequence where that began; what came meanwhile stays uncounted.

/// What the fold knows of one conversation.
public struct ConversationState: Sendable, Equatable {
  /// Of a pair: none.
  public var facts = GroupFacts()
  /// Messages so far that count as unread for all members.
  public var sequence: Int64 = 0
  /// Group: who is a member now. Pair: who took part.
  public private(set) var members: [UserID: MemberState] = [:]
  /// The members in the order of their bytes; nil until somebody asks.
  private var sorted: [RosterEntry]?
  /// Kept messages in the order of their positions; only those after the earliest read mark that
  /// an event of the current batch may recount from.
  var messages: [MessageID] = []

  public init() {}

  /// The members in the order of their bytes.
  mutating func roster() -> [RosterEntry] {
    if let sorted { return sorted }
    let made = members.map { RosterEntry(user: $0, receive: $1.receive) }
      .sorted { $0.user < $1.user }
    sorted = made
    return made
  }

  /// Before many leave: one by one they would each move up all that stand behind them.
  mutating func forgetRoster() { sorted = nil }

  /// - Returns: How the member stood before; nil: the user was none.
  @discardableResult
  mutating func put(_ member: MemberState, _ user: UserID) -> MemberState? {
    let known = members.updateValue(member, forKey: user)
    if sorted != nil, known?.receive != member.receive {
      let place = place(of: user)
      let entry = RosterEntry(user: user, receive: member.receive)
      sorted?.replaceSubrange(place..<(known == nil ? place : place + 1), with: [entry])
    }
    return known
  }

  mutating func remove(_ user: UserID) -> MemberState? {
    guard let known = members.removeValue(forKey: user) else { return nil }
    if sorted != nil {
      let place = place(of: user)
      sorted?.remove(at: place)
    }
    return known
  }

  /// Where a user stands in the roster, or would stand.
  private func place(of user: UserID) -> Int {
    let roster = sorted ?? []
    var (low, high) = (0, roster.count)
    while low < high {
      let middle = (low + high) / 2
      if roster[middle].user < user { low = middle + 1 } else { high = middle }
    }
    return low
  }

  public func unread(of user: UserID) -> Int64 {
    guard let member = members[user] else { return 0 }
    return max(0, (member.frozenAt ?? sequence) - member.readSequence + member.adjustment)
  }
}

/// A member as a message to many looks at them: it saves a look-up for each.
struct RosterEntry: Sendable, Equatable {
  var user: UserID
  var receive: ReceiveOption
}

/// What the ledger says of a group itself.
public struct GroupFacts: Sendable, Equatable {
  public var name: String?
  /// What kind of group it is, in the chat backend's words.
  public var kind: String?
  public var owner: UserID?

  public init(name: String? = nil, kind: String? = nil, owner: UserID? = nil) {
    self.name = name
    self.kind = kind
    self.owner = owner
  }
}

/// A user's part in one conversation.
public struct MemberState: Sendable, Equatable {
  public var receive: ReceiveOption
  public var nameCard: String?
  /// The read mark: messages up to here don't count.
  public var readPosition: Position
  public var readSequence: Int64
  public var adjustment: Int64
  /// Set while `receive` is `reject`: the sequence at which the count stands still.
  public var frozenAt: Int64?
  /// Sequences after `readSequence` that came while `receive` was `reject`, oldest first.
  public var rejected: [ClosedRange<Int64>]

  public init(
    receive: ReceiveOption, nameCard: String? = nil, readPosition: Position,
    readSequence: Int64, adjustment: Int64 = 0, frozenAt: Int64? = nil,
    rejected: [ClosedRange<Int64>] = []
  ) {
    self.receive = receive
    self.nameCard = nameCard
    self.readPosition = readPosition
    self.readSequence = readSequence
    self.adjustment = adjustment
    self.frozenAt = frozenAt
    self.rejected = rejected
  }

  init(joiningAt position: Position, sequence: Int64, receive: ReceiveOption) {
    self.init(
      receive: receive, readPosition: position, readSequence: sequence,
      frozenAt: receive == .reject ? sequence : nil)
  }

  mutating func setReceive(_ option: ReceiveOption, sequence: Int64) {
    if option == .reject, frozenAt == nil {
      frozenAt = sequence
    } else if option != .reject, let frozen = frozenAt {
      frozenAt = nil
      if sequence > frozen {
        rejected.append(frozen + 1...sequence)
        adjustment -= sequence - frozen
      }
    }
    receive = option
  }

  /// Whether a message with this sequence counted for this member, as far as `reject` goes.
  func accepts(_ sequence: Int64) -> Bool {
    if let frozenAt, sequence > frozenAt { return false }
    return !rejected.contains { $0.contains(sequence) }
  }

  /// Moves the read mark to `position` and counts anew what came after it.
  ///
  /// - Parameter later: The conversation's messages after `position`.
  mutating func read(
    upTo position: Position, by user: UserID, sequence: Int64, later: some Sequence<MessageState>
  ) {
    readPosition = position
    readSequence = sequence
    adjustment = 0
    var difference: Int64 = 0
    for message in later {
      if message.sequence > 0 {
        readSequence -= 1
        guard accepts(message.sequence) else { continue }
        if message.sender == user || message.recalled { difference -= 1 }
      } else if message.counts(for: user), !message.recalled {
        difference += 1
      }
    }
    rejected = rejected.compactMap { range in
      guard range.upperBound > readSequence else { return nil }
      return max(range.lowerBound, readSequence + 1)...range.upperBound
    }
    for range in rejected { difference -= Int64(range.count) }
    if let frozen = frozenAt { frozenAt = max(frozen, readSequence) }
    adjustment = difference
  }
}

/// What the fold keeps of a message.
public struct MessageState: Sendable, Equatable {
  public var id: MessageID
  public var position: Position
  public var conversation: ConversationKey
  public var sender: UserID
  /// Its number among those that count for all members; 0 where it has none.
  public var sequence: Int64
  /// For whom it counts where it went to chosen members of a group only.
  public var countedTargets: [UserID]
  /// Where it was recalled.
  public var recalledAt: Position?

  public init(
    id: MessageID, position: Position, conversation: ConversationKey, sender: UserID,
    sequence: Int64, countedTargets: [UserID], recalledAt: Position? = nil
  ) {
    self.id = id
    self.position = position
    self.conversation = conversation
    self.sender = sender
    self.sequence = sequence
    self.countedTargets = countedTargets
    self.recalledAt = recalledAt
  }

  public var recalled: Bool { recalledAt != nil }

  func counts(for user: UserID) -> Bool { countedTargets.contains(user) }
}
