import PushCore

import struct Foundation.UUID

/// What a stream was handed, and of which nothing is recorded yet.
struct SentRow: Sendable {
  /// The reason of an attempt that nobody acknowledged.
  static let unanswered = "not_acknowledged"

  var device: DeviceKey
  var position: Position
  var delivery: UUID
  /// From 1.
  var attempt: Int32
  var message: MessageID
  var badge: Int64?
  var sentAt: Timestamp
  /// The process that sent it.
  var server: String

  /// The events that say what became of it.
  ///
  /// - Throws: ``FieldError`` where the ledger's own data do not fit its rules.
  func events(
    isAccepted: Bool, in app: AppID, at now: Timestamp
  ) throws(FieldError) -> [NewEvent] {
    let finishedAt = max(sentAt, now)
    let attempted = try EventDoor.event(
      id: DeliveryID.attemptEvent(delivery: delivery, attempt: Int64(attempt)),
      type: .pushAttempted, occurredAt: finishedAt,
      data: .object(present: [
        ("delivery_id", JSON(delivery)), ("message_id", JSON(message)),
        ("user", JSON(device.user)), ("device", JSON(device.device)),
        ("attempt", .integer(attempt)), ("provider", .string(ProviderName.callback.rawValue)),
        (
          "outcome",
          .string((isAccepted ? AttemptOutcome.accepted : .unknown).rawValue)
        ),
        ("reason", isAccepted ? nil : .string(Self.unanswered)),
        ("started_at", JSON(sentAt)), ("finished_at", JSON(finishedAt)),
        ("badge", badge.flatMap { (0...Int64(Int32.max)).contains($0) ? .integer($0) : nil }),
        ("dispatcher", .string(server)),
      ]), content: nil)
    guard isAccepted else { return [attempted] }
    let delivered = try EventDoor.event(
      id: EventID.receipt(.pushDelivered, delivery: delivery, app: app), type: .pushDelivered,
      occurredAt: finishedAt,
      data: [
        "delivery_id": JSON(delivery), "message_id": JSON(message), "at": JSON(finishedAt),
        "source": .string(ReceiptSource.app.rawValue),
      ], content: nil)
    return [attempted, delivered]
  }
}
