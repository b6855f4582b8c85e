public import PushCore

public import struct Foundation.UUID

/// One message: what was decided for whom, and what became of it.
public struct MessageReport: Sendable, Equatable {
  public var id: MessageID
  public var position: Position
  public var sender: UserID
  public var recipient: Peer
  public var recalled: Bool
  public var occurredAt: Timestamp
  public var recordedAt: Timestamp
  public var expiresAt: Timestamp
  /// Users that it was decided for.
  public var recipients: Int64
  /// Whether what became of it is in an archive and not here; see ``ArchivedMessage``.
  public var isArchived: Bool
  /// Deliveries by status and, where they have one, reason.
  public var counts: [DeliveryCount]
  /// A page of the deliveries, in the order of their ids.
  public var deliveries: [DeliveryReport]
  /// Give this to see the next page; nil where this is the last.
  public var next: UUID?
}

public struct DeliveryCount: Sendable, Equatable {
  /// A ``PushCore/DeliveryStatus`` in its stored form.
  public var status: String
  public var reason: String?
  public var count: Int64
}

/// One delivery, or one recipient who got none.
public struct DeliveryReport: Sendable, Equatable {
  public var id: UUID
  public var user: UserID
  /// Nil where the decision concerns the recipient.
  public var device: DeviceID?
  public var provider: String?
  public var status: String
  public var reason: String?
  public var badge: Int64?
  public var sound: String?
  public var attempts: Int32
  public var decidedAt: Timestamp
  public var firstAttemptAt: Timestamp?
  public var endedAt: Timestamp?
  public var deliveredAt: Timestamp?
  public var openedAt: Timestamp?
  public var notShownAt: Timestamp?
  /// Why the phone did not show what the provider took, in the provider's code.
  public var notShownReason: String?
}

/// Deliveries of one message, in the order of their ids.
public struct DeliveryPage: Sendable, Equatable {
  public var deliveries: [DeliveryReport]
  /// Give this to see the next page; nil where this is the last.
  public var next: UUID?
}

/// What a delivery is of.
public struct DeliveryPlace: Sendable, Equatable {
  public var message: MessageID
  public var user: UserID
  /// Nil where the decision concerns the recipient.
  public var device: DeviceID?
}
