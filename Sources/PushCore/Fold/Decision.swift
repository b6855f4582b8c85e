public import struct Foundation.UUID

/// Why nobody is pushed (`docs/decisions.md`, section 2). Released names never change.
public enum SuppressionReason: String, Sendable, Hashable, CaseIterable {
  case onlineOnly = "online_only"
  case pushOffBySender = "push_off_by_sender"
  case nothingToShow = "nothing_to_show"
  case rejected
  case muted
  case notMentioned = "not_mentioned"
  case quiet
  case noDevice = "no_device"
  case loggedOut = "logged_out"
  case offline
  case noToken = "no_token"
  case tokenInvalid = "token_invalid"
  case pushOffOnDevice = "push_off_on_device"
  case foreground
}

/// Why a delivery that was due is no longer sent.
public enum CancellationReason: String, Sendable, Hashable, CaseIterable {
  case read, recalled, foreground
  case loggedOut = "logged_out"
  case offline
  case erased
  case expired
  /// Somebody wanted it so.
  case `operator`
}

/// What is decided for one message and one recipient, or one of its devices.
public struct Decision: Sendable, Equatable {
  public enum Verdict: Sendable, Equatable {
    case push(Push)
    case suppressed(SuppressionReason)
  }

  public struct Push: Sendable, Equatable {
    public var provider: ProviderName
    public var badge: Int64
    /// Nil: no sound.
    public var sound: String?
  }

  public var user: UserID
  /// Nil where the decision concerns the recipient.
  public var device: DeviceID?
  /// The device's, as it was then.
  public var platform: DevicePlatform?
  public var appVersion: String?
  public var verdict: Verdict

  init(user: UserID, verdict: Verdict) {
    self.user = user
    self.verdict = verdict
  }

  init(user: UserID, device: DeviceState, verdict: Verdict) {
    self.user = user
    self.device = device.id
    platform = device.platform
    appVersion = device.appVersion
    self.verdict = verdict
  }
}

/// All that one `message.sent` decided.
public struct MessageDecisions: Sendable, Equatable {
  public var message: Message
  /// Nil for a message that is not kept (`online_only`).
  public var state: MessageState?
  /// The same for all recipients, but for badge and sound.
  public var notification: Notification
  public var occurredAt: Timestamp
  public var recordedAt: Timestamp
  public var position: Position
  public var recipients: Int
  /// In the order of users, then devices.
  public var decisions: [Decision]
}

/// Due deliveries that an event calls off. Those already accepted or refused stay as they are.
public struct Cancellation: Sendable, Equatable {
  public enum Scope: Sendable, Equatable {
    case device(UserID, DeviceID)
    /// The user's deliveries of messages of one conversation up to a position.
    case read(UserID, ConversationKey, upTo: Position)
    case message(MessageID, at: Position)
    /// Messages at these positions.
    case erased([Position])
  }

  public var scope: Scope
  public var reason: CancellationReason
  /// The event that did it: only deliveries of earlier messages are called off.
  public var position: Position
  public var recordedAt: Timestamp
}

/// What somebody wants done with one delivery, at a position: before its message it means nothing.
public struct DeliveryOrder: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// Ends it where it is due.
    case cancel
    /// Makes it due where it ended without being accepted; it is found in what is due at the order's
    /// own position.
    case retry
  }

  public var kind: Kind
  public var deliveryID: UUID
  /// Whose delivery it is: one of another message, user or device is left alone.
  public var message: Position
  public var user: UserID
  public var device: DeviceID
  public var position: Position
  public var recordedAt: Timestamp

  init(_ kind: Kind, _ order: PushOrder, of message: Position, _ moment: Moment) {
    self.kind = kind
    deliveryID = order.deliveryID
    self.message = message
    user = order.user
    device = order.device
    position = moment.position
    recordedAt = moment.recordedAt
  }
}

/// What one event did beside moving the state.
public enum FoldOutput: Sendable, Equatable {
  case decided(MessageDecisions)
  case cancelled(Cancellation)
  /// `next`: the way to the device that is tried now, since this one was refused for good.
  case attempted(PushAttempt, position: Position, recordedAt: Timestamp, next: ProviderName?)
  /// Receipts stand at a position: one before its delivery's message means nothing.
  case delivered(PushReceipt, at: Position)
  case opened(PushReceipt, at: Position)
  case notShown(PushReceipt, reason: String, at: Position)
  case ordered(DeliveryOrder)
}

extension MessageDecisions {
  /// Deliveries that became due.
  public var pushes: Int {
    decisions.reduce(0) { count, decision in
      if case .push = decision.verdict { count + 1 } else { count }
    }
  }
}
