public import struct Foundation.UUID

/// What a device of the callback channel is told of a message beside title and text.
public struct CallbackFacts: Equatable, Sendable {
  public var message: MessageID
  public var sentAt: Timestamp
  public var sender: UserID
  /// The name card in the group, else the nickname.
  public var senderName: String?
  /// The group, and its name; nil for one-to-one.
  public var group: GroupID?
  public var groupName: String?

  public init(
    message: MessageID, sentAt: Timestamp, sender: UserID, senderName: String?, group: GroupID?,
    groupName: String?
  ) {
    self.message = message
    self.sentAt = sentAt
    self.sender = sender
    self.senderName = senderName
    self.group = group
    self.groupName = groupName
  }

  var json: JSON {
    .object(present: [
      ("message_id", JSON(message)), ("sent_at", JSON(sentAt)), ("sender", JSON(sender)),
      ("sender_name", senderName.map { .string($0) }), ("group", group.map { JSON($0) }),
      ("group_name", groupName.map { .string($0) }),
    ])
  }

  init(_ fields: Fields) throws(FieldError) {
    self.init(
      message: MessageID(unchecked: try fields.string("message_id") ?? ""),
      sentAt: try fields.timestamp("sent_at") ?? Timestamp(microseconds: 0),
      sender: UserID(unchecked: try fields.string("sender") ?? ""),
      senderName: try fields.string("sender_name"),
      group: try fields.string("group").map { GroupID(unchecked: $0) },
      groupName: try fields.string("group_name"))
  }
}

/// What a device of the callback channel is told, on a stream as through a webhook.
public enum CallbackNotification {
  /// - Parameter notification: In the device's language, with the delivery's badge and sound.
  public static func json(
    _ notification: Notification, delivery: UUID, position: Position, expiresAt: Timestamp
  ) -> JSON {
    let shown = notification.shown(by: .callback)
    let facts = notification.callback
    return .object(present: [
      ("delivery_id", JSON(delivery)), ("message_id", facts.map { JSON($0.message) }),
      ("position", .integer(position)), ("title", shown.title.map { .string($0) }),
      ("text", .string(shown.text)), ("ext", shown.ext.map { .string($0) }),
      ("sender", facts.map(sender)), ("conversation", facts.map(conversation)),
      ("sound", shown.sound.map { .string($0) }), ("badge", shown.badge.map { .integer($0) }),
      ("sent_at", facts.map { JSON($0.sentAt) }), ("expires_at", JSON(expiresAt)),
    ])
  }

  private static func sender(_ facts: CallbackFacts) -> JSON {
    .object(present: [
      ("user", JSON(facts.sender)), ("nickname", facts.senderName.map { .string($0) }),
    ])
  }

  /// As the recipient names it.
  private static func conversation(_ facts: CallbackFacts) -> JSON {
    guard let group = facts.group else { return ["user": JSON(facts.sender)] }
    return .object(present: [
      ("group", JSON(group)), ("name", facts.groupName.map { .string($0) }),
    ])
  }
}
