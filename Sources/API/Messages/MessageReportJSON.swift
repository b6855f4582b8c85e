import Projections
import PushCore

extension MessageReport {
  var json: JSON {
    .object(present: [
      ("id", JSON(id)), ("position", .integer(position)), ("from", JSON(sender)),
      ("to", JSON(recipient)), ("recalled", .bool(recalled)), ("kept", true),
      ("sent_at", JSON(occurredAt)), ("recorded_at", JSON(recordedAt)),
      ("expires_at", JSON(expiresAt)), ("recipients", .integer(recipients)),
      ("counts", .array(counts.map(\.json))), ("deliveries", .array(deliveries.map(\.json))),
      ("next", next.map { JSON($0) }),
    ])
  }
}

extension DeliveryCount {
  fileprivate var json: JSON {
    .object(present: [
      ("status", .string(status)), ("reason", reason.map { .string($0) }),
      ("count", .integer(count)),
    ])
  }
}

extension DeliveryReport {
  fileprivate var json: JSON {
    .object(present: [
      ("delivery_id", JSON(id)), ("user", JSON(user)),
      ("device", device.map { JSON($0) }), ("provider", provider.map { .string($0) }),
      ("status", .string(status)), ("reason", reason.map { .string($0) }),
      ("badge", badge.map { .integer($0) }), ("sound", sound.map { .string($0) }),
      ("attempts", .integer(attempts)), ("decided_at", JSON(decidedAt)),
      ("first_attempt_at", firstAttemptAt.map { JSON($0) }),
      ("ended_at", endedAt.map { JSON($0) }), ("delivered_at", deliveredAt.map { JSON($0) }),
      ("opened_at", openedAt.map { JSON($0) }),
      ("not_shown_at", notShownAt.map { JSON($0) }),
      ("not_shown_reason", notShownReason.map { .string($0) }),
    ])
  }
}
