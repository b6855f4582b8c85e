/// Why a message rang, or did not: what was known, which rule decided, what was sent, what came
/// back.
public struct Explanation: Sendable, Equatable {
  public var message: ExplainedMessage
  /// All decisions of the message by status and reason; empty where it is not projected.
  public var counts: [Count]
  /// Those asked for; of many recipients those first whom no provider took a push for.
  public var recipients: [ExplainedRecipient]
  /// Recipients that are not among these.
  public var others: Int64

  public struct Count: Sendable, Equatable {
    public var status: String
    public var reason: String?
    public var count: Int64

    public init(status: String, reason: String?, count: Int64) {
      self.status = status
      self.reason = reason
      self.count = count
    }
  }

  public init(
    message: ExplainedMessage, counts: [Count], recipients: [ExplainedRecipient], others: Int64
  ) {
    self.message = message
    self.counts = counts
    self.recipients = recipients
    self.others = others
  }

  /// Whether all that was decided anew is what the projection holds.
  public var agrees: Bool {
    recipients.allSatisfy { recipient in
      recipient.strayDeliveries.isEmpty && recipient.decisions.allSatisfy(\.disagreements.isEmpty)
    }
  }
}

/// The message as the ledger has it.
public struct ExplainedMessage: Sendable, Equatable {
  public var message: Message
  /// Where it was decided.
  public var position: Position
  public var occurredAt: Timestamp
  public var recordedAt: Timestamp
  /// After this nobody is pushed for it; nil for one that is not kept.
  public var expiresAt: Timestamp?
  /// Users that it was decided for; nil where it is not projected.
  public var recipients: Int64?
  /// Its recall, where there is one after it.
  public var recalled: Since?
  /// Where it was sent again with the same id, which changed nothing.
  public var repeatedAt: [Position]
  /// The event that has it left out of the projection, so that nothing is decided for it.
  public var skipped: Since?
  /// How far the projection has come.
  public var projected: Position
  /// What a phone shows of it; nil unless it was asked for.
  public var notification: Notification?

  public init(
    message: Message, position: Position, occurredAt: Timestamp, recordedAt: Timestamp,
    expiresAt: Timestamp? = nil, recipients: Int64? = nil, recalled: Since? = nil,
    repeatedAt: [Position] = [], skipped: Since? = nil, projected: Position,
    notification: Notification? = nil
  ) {
    self.message = message
    self.position = position
    self.occurredAt = occurredAt
    self.recordedAt = recordedAt
    self.expiresAt = expiresAt
    self.recipients = recipients
    self.recalled = recalled
    self.repeatedAt = repeatedAt
    self.skipped = skipped
    self.projected = projected
    self.notification = notification
  }

  /// Whether what it said was erased.
  public var isErased: Bool { message.content == nil }
  public var isProjected: Bool { projected >= position }
}

/// One user and one message.
public struct ExplainedRecipient: Sendable, Equatable {
  public var user: UserID
  /// Why nothing was decided for this user; nil for a recipient.
  public var excluded: NotARecipient?
  /// The device that was asked for and that nobody knew at the message's position.
  public var missingDevice: DeviceID?
  public var known: KnownRecipient
  /// One for the recipient, or one for each device.
  public var decisions: [ExplainedDecision]
  /// What the projection holds deliveries for, and the fold decides nothing: devices, or nil for
  /// the recipient.
  public var strayDeliveries: [DeviceID?] = []

  public init(
    user: UserID, excluded: NotARecipient? = nil, missingDevice: DeviceID? = nil,
    known: KnownRecipient, decisions: [ExplainedDecision] = []
  ) {
    self.user = user
    self.excluded = excluded
    self.missingDevice = missingDevice
    self.known = known
    self.decisions = decisions
  }
}

/// What was known of a recipient at the message's position.
public struct KnownRecipient: Sendable, Equatable {
  public var receive: ReceiveOption
  /// Nil where it was never said.
  public var receiveSince: Since?
  public var quietHours: QuietHours?
  public var mutedUntil: Timestamp?
  public var badgeSource: BadgeSource
  /// What the conversation had unread before the message; nil where the projection is behind.
  public var unread: Int64?
  public var devices: Int

  public init(
    receive: ReceiveOption = .notify, receiveSince: Since? = nil, quietHours: QuietHours? = nil,
    mutedUntil: Timestamp? = nil, badgeSource: BadgeSource = .reported, unread: Int64? = nil,
    devices: Int = 0
  ) {
    self.receive = receive
    self.receiveSince = receiveSince
    self.quietHours = quietHours
    self.mutedUntil = mutedUntil
    self.badgeSource = badgeSource
    self.unread = unread
    self.devices = devices
  }
}

/// What was known of a device at the message's position.
public struct KnownDevice: Sendable, Equatable {
  public var state: DeviceState
  /// The event that its state is so since.
  public var since: Since?
  /// What its icon showed; nil where the projection has not come so far that it can be told.
  public var badge: Int64?

  public init(state: DeviceState, since: Since?, badge: Int64?) {
    self.state = state
    self.since = since
    self.badge = badge
  }
}

extension Explanation {
  /// The same with advice beside reasons that there is something to say about.
  public func advised(by advice: (ProviderName, String) -> String?) -> Explanation {
    var advised = self
    for index in recipients.indices {
      for place in recipients[index].decisions.indices {
        let attempts = recipients[index].decisions[place].attempts.map { attempt in
          var attempt = attempt
          if let provider = attempt.provider, let reason = attempt.reason {
            attempt.advice = advice(provider, reason)
          }
          return attempt
        }
        advised.recipients[index].decisions[place].attempts = attempts
      }
    }
    return advised
  }
}
