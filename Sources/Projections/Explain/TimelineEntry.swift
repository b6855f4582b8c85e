import Ledger
public import PushCore

import struct Foundation.UUID

/// Whose history is wanted.
public enum TimelineSubject: Sendable, Equatable {
  case message(MessageID)
  /// The user, all their devices, their places in groups, and what they were pushed.
  case user(UserID)
  case device(UserID, DeviceID)
  /// The group, its members, and its messages.
  case group(GroupID)
}

/// One event of a history, and what the projection knows of it.
public struct TimelineEntry: Sendable, Equatable {
  public var recorded: RecordedEvent
  /// What the event says; nil where this version cannot read it.
  public var body: EventBody?
  /// Of a receipt: whose delivery it is of.
  public var owner: DeviceKey?
  /// Of a message in a group's history: users that it was decided for, and pushes that it made due.
  public var reach: Reach?
  /// Of a message in a user's or device's history: what became of it there.
  public var deliveries: [Delivery] = []

  public struct Reach: Sendable, Equatable {
    public var recipients: Int64
    public var pushes: Int64
  }

  public struct Delivery: Sendable, Equatable {
    /// Nil where the decision concerns the recipient.
    public var device: DeviceID?
    /// A ``PushCore/DeliveryStatus`` in its stored form.
    public var status: String
    public var reason: String?
    public var provider: String?
    public var badge: Int64?
    public var isDelivered: Bool
    public var isOpened: Bool
    public var isNotShown: Bool
  }

  public init(_ recorded: RecordedEvent) {
    self.recorded = recorded
    body = try? recorded.event.body()
  }

  public var position: Position { recorded.position }
}

// MARK: - For programs

extension TimelineEntry {
  /// The event in the form of an export, with `user` and `device` of a receipt, `recipients` and
  /// `pushes`, and `deliveries`, where they are known.
  ///
  /// - Parameter showsContent: Whether `content` is in it. A device token never is.
  public func json(showsContent: Bool) -> JSON {
    let event = recorded.event
    var members: [(String, JSON?)] = [
      ("position", .integer(position)), ("event_id", JSON(event.id)),
      ("type", .string(event.type.rawValue)), ("stream", .string(event.stream.rawValue)),
      ("occurred_at", JSON(event.occurredAt)), ("recorded_at", JSON(recorded.recordedAt)),
      ("data", (try? JSON.parse(event.data)) ?? .null),
    ]
    if showsContent, event.type != .deviceRegistered {
      members.append(("content", event.content.flatMap { try? JSON.parse($0) }))
    }
    if let owner { members += [("user", JSON(owner.user)), ("device", JSON(owner.device))] }
    if let reach {
      members += [
        ("recipients", .integer(reach.recipients)), ("pushes", .integer(reach.pushes)),
      ]
    }
    if !deliveries.isEmpty { members.append(("deliveries", .array(deliveries.map(\.json)))) }
    return .object(present: members)
  }
}

extension TimelineEntry.Delivery {
  fileprivate var json: JSON {
    .object(present: [
      ("device", device.map { JSON($0) }), ("status", .string(status)),
      ("reason", reason.map { .string($0) }), ("provider", provider.map { .string($0) }),
      ("badge", badge.map { .integer($0) }), ("delivered", .bool(isDelivered)),
      ("opened", .bool(isOpened)), ("not_shown", .bool(isNotShown)),
    ])
  }

  /// `phone: accepted by apns, badge 3`
  public var words: String {
    var words = (device.map { "\($0): " } ?? "") + status
    if let reason { words += " \(reason)" }
    // Called off, it went by nobody.
    if let provider, status != DeliveryStatus.cancelled.rawValue { words += " by \(provider)" }
    if let badge { words += ", badge \(badge)" }
    if isOpened {
      words += ", opened"
    } else if isNotShown {
      words += ", not shown"
    } else if isDelivered {
      words += ", delivered"
    }
    return words
  }
}
