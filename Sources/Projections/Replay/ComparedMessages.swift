import Foundation
import Ledger
import Postgres
import PushCore

extension ComparedTables {
  typealias MessageRow = (decided: MessageDecisions, expiresAt: Timestamp)
  typealias CountRow = (position: Position, reason: SuppressionReason, count: Int32)
  typealias DeliveryRow = (delivery: DeliveryTable.Delivery, lane: Int16?)

  /// All but `recalled_at`, which later events change: see ``recalled``.
  static let messages = ComparedTable<MessageRow>(
    name: "notifications_v1.messages",
    key: [ComparedColumn("message_id") { $0.decided.message.id.rawValue }],
    columns: [
      ComparedColumn("position") { $0.decided.position },
      ComparedColumn("conversation") { $0.decided.state?.conversation.storedName },
      ComparedColumn("sender") { $0.decided.message.sender.rawValue },
      ComparedColumn("sequence") { $0.decided.state?.sequence },
      ComparedColumn("counted_targets") { row in
        json(.array((row.decided.state?.countedTargets ?? []).map { JSON($0) }))
      },
      ComparedColumn("occurred_at") { PostgresTimestamp($0.decided.occurredAt) },
      ComparedColumn("recorded_at") { PostgresTimestamp($0.decided.recordedAt) },
      ComparedColumn("expires_at") { PostgresTimestamp($0.expiresAt) },
      ComparedColumn("notification", found: "t.notification::text") {
        $0.decided.notification.json.text
      },
      ComparedColumn("recipients") { Int32($0.decided.recipients) },
      ComparedColumn("pushes") { Int32($0.decided.pushes) },
    ], order: "position")

  static let recalled = ComparedTable<MessageState>(
    name: "notifications_v1.messages",
    key: [ComparedColumn("message_id") { $0.id.rawValue }],
    columns: [ComparedColumn("recalled_at") { $0.recalledAt }], order: "position", isWhole: false)

  static let counts = ComparedTable<CountRow>(
    name: "notifications_v1.suppressed_counts",
    key: [
      ComparedColumn("position") { $0.position },
      ComparedColumn("reason") { $0.reason.rawValue },
    ],
    columns: [ComparedColumn("count") { $0.count }], order: "position")

  static let attempts = ComparedTable<FoldedAttempt>(
    name: "notifications_v1.attempts",
    key: [ComparedColumn("position") { $0.position }],
    columns: [
      ComparedColumn("delivery_id") { $0.attempt.deliveryID },
      ComparedColumn("attempt") { Int32(clamping: $0.attempt.attempt) },
      ComparedColumn("provider") { $0.attempt.provider.rawValue },
      ComparedColumn("outcome") { $0.attempt.outcome.rawValue },
      ComparedColumn("status") { $0.attempt.status.map { Int32(clamping: $0) } },
      ComparedColumn("reason") { $0.attempt.reason },
      ComparedColumn("provider_message_id") { $0.attempt.providerMessageID },
      ComparedColumn("started_at") { PostgresTimestamp($0.attempt.startedAt) },
      ComparedColumn("finished_at") { PostgresTimestamp($0.attempt.finishedAt) },
      ComparedColumn("retry_at") { $0.attempt.retryAt.map(PostgresTimestamp.init) },
      ComparedColumn("dispatcher") { $0.attempt.dispatcher },
      ComparedColumn("fenced") { $0.attempt.fenced },
    ], order: "position")

  static let deliveries = ComparedTable<DeliveryRow>(
    name: "notifications_v1.deliveries",
    key: [ComparedColumn("delivery_id") { $0.delivery.id }],
    columns: [
      ComparedColumn("position") { $0.delivery.position },
      ComparedColumn("conversation") { $0.delivery.conversation.storedName },
      ComparedColumn("user_id") { $0.delivery.user.rawValue },
      ComparedColumn("device_id") { $0.delivery.device?.rawValue },
      ComparedColumn("platform") { $0.delivery.platform?.rawValue },
      ComparedColumn("app_version") { $0.delivery.appVersion },
      ComparedColumn("provider") { $0.delivery.provider?.rawValue },
      ComparedColumn("lane") { $0.lane },
      ComparedColumn("status") { $0.delivery.status.rawValue },
      ComparedColumn("reason") { $0.delivery.reason },
      ComparedColumn("badge") { $0.delivery.badge },
      ComparedColumn("sound") { $0.delivery.sound },
      ComparedColumn("attempts") { $0.delivery.attempts },
      ComparedColumn("decided_at") { PostgresTimestamp($0.delivery.decidedAt) },
      ComparedColumn("first_attempt_at") {
        $0.delivery.firstAttemptAt.map(PostgresTimestamp.init)
      },
      ComparedColumn("ended_at") { $0.delivery.endedAt.map(PostgresTimestamp.init) },
      ComparedColumn("delivered_at") { $0.delivery.deliveredAt.map(PostgresTimestamp.init) },
      ComparedColumn("opened_at") { $0.delivery.openedAt.map(PostgresTimestamp.init) },
      ComparedColumn("not_shown_at") { $0.delivery.notShownAt.map(PostgresTimestamp.init) },
      ComparedColumn("not_shown_reason") { $0.delivery.notShownReason },
      ComparedColumn("due_position") { $0.delivery.duePosition },
    ], order: "position", about: ["user_id", "device_id", "position"])
}
