public import struct Foundation.UUID

/// What somebody wants done with one delivery.
public struct PushOrder: Sendable, Equatable {
  public var deliveryID: UUID
  public var message: MessageID
  public var user: UserID
  public var device: DeviceID
  /// Who wants it, such as the id of an API key; nil where that was not said.
  public var by: String?
  /// Why; at most ``Limits/reasonBytes``.
  public var reason: String?

  public init(
    deliveryID: UUID, message: MessageID, user: UserID, device: DeviceID, by: String? = nil,
    reason: String? = nil
  ) {
    self.deliveryID = deliveryID
    self.message = message
    self.user = user
    self.device = device
    self.by = by
    self.reason = reason
  }

  init(_ fields: Fields) throws(FieldError) {
    self.init(
      deliveryID: try fields.required("delivery_id", fields.uuid),
      message: try fields.requiredID("message_id"), user: try fields.requiredID("user"),
      device: try fields.requiredID("device"),
      by: try fields.string("by", maxBytes: Limits.idBytes),
      reason: try fields.string("reason", maxBytes: Limits.reasonBytes))
  }

  /// The event's `data`.
  public var json: JSON {
    .object(present: [
      ("delivery_id", JSON(deliveryID)), ("message_id", JSON(message)), ("user", JSON(user)),
      ("device", JSON(device)), ("by", by.map { .string($0) }),
      ("reason", reason.map { .string($0) }),
    ])
  }
}
