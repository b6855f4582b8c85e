import Ledger
import Postgres
import PushCore

extension Rows {
  /// Of a delivery `d` and its message `m`.
  static let deliveryColumns = """
    d.delivery_id, m.message_id, d.position, d.conversation, d.user_id, d.device_id, d.platform, \
    d.app_version, d.provider, d.status, d.reason, d.badge, d.sound, d.attempts, d.decided_at, \
    m.expires_at, d.first_attempt_at, d.ended_at, d.delivered_at, d.opened_at, d.not_shown_at, \
    d.not_shown_reason, d.due_position
    """

  static func delivery(_ row: PostgresRow) throws -> DeliveryTable.Delivery {
    DeliveryTable.Delivery(
      id: try row.get(0), message: MessageID(unchecked: try row.get(1)), position: try row.get(2),
      conversation: try conversationKey(row, "deliveries", 3),
      user: UserID(unchecked: try row.get(4)),
      device: try row.optional(5, as: String.self).map(DeviceID.init(unchecked:)),
      platform: try row.optional(6, as: String.self).map { try word($0, "deliveries", "platform") },
      appVersion: try row.optional(7),
      provider: try row.optional(8, as: String.self).map { try word($0, "deliveries", "provider") },
      status: try word(try row.get(9), "deliveries", "status"), reason: try row.optional(10),
      badge: try row.optional(11), sound: try row.optional(12), attempts: try row.get(13),
      decidedAt: try row.timestamp(14), expiresAt: try row.timestamp(15),
      firstAttemptAt: try row.optionalTimestamp(16), endedAt: try row.optionalTimestamp(17),
      deliveredAt: try row.optionalTimestamp(18), openedAt: try row.optionalTimestamp(19),
      notShownAt: try row.optionalTimestamp(20), notShownReason: try row.optional(21),
      duePosition: try row.optional(22))
  }
}
