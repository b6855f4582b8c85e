import Ledger
import Postgres
import PushCore

import struct Foundation.UUID

/// What all rows of one message have in common.
struct MessageColumns {
  var app: String
  var position: Position
  var conversation: String?
  var decidedAt: PostgresTimestamp
  var expiresAt: PostgresTimestamp

  init(_ app: AppID, _ decided: MessageDecisions, _ settings: ProjectionSettings) {
    self.app = app.rawValue
    position = decided.position
    conversation = decided.state?.conversation.storedName
    decidedAt = PostgresTimestamp(decided.recordedAt)
    expiresAt = PostgresTimestamp(settings.expiry(of: decided))
  }
}

/// A row of `notifications_v1.deliveries` as it is when its batch ends, and where it is due then, the
/// row of `dispatch.due`.
struct DeliveryRow {
  var id: UUID
  var message: MessageColumns
  var decision: Decision
  /// Where it is one.
  var push: Decision.Push?
  /// Of a push only.
  var lane: Int16?
  var callOff: BatchCallOffs.CallOff?

  init(_ id: UUID, of message: MessageColumns, _ decision: Decision) {
    self.id = id
    self.message = message
    self.decision = decision
  }

  var isDue: Bool { status == .due }

  private var status: DeliveryStatus {
    if push == nil { return .suppressed }
    return callOff == nil ? .due : .cancelled
  }

  private var reason: String? {
    if case .suppressed(let reason) = decision.verdict { return reason.rawValue }
    return callOff?.reason.rawValue
  }

  /// Of `deliveries`.
  static var columns: [StoredRows<DeliveryRow>.Column] {
    [
      .init("app") { $0.message.app },
      .init("delivery_id") { $0.id },
      .init("position") { $0.message.position },
      .init("conversation") { $0.message.conversation },
      .init("user_id") { $0.decision.user.rawValue },
      .init("device_id") { $0.decision.device?.rawValue },
      .init("platform") { $0.decision.platform?.rawValue },
      .init("app_version") { $0.decision.appVersion },
      .init("provider") { $0.push?.provider.rawValue },
      .init("lane") { $0.lane },
      .init("status") { $0.status.rawValue },
      .init("reason") { $0.reason },
      .init("badge") { $0.push?.badge },
      .init("sound") { $0.push?.sound },
      .init("decided_at") { $0.message.decidedAt },
      .init("ended_at") { ($0.callOff?.at).map(PostgresTimestamp.init) },
    ]
  }

  /// Of `dispatch.due`.
  static var dueColumns: [StoredRows<DeliveryRow>.Column] {
    [
      .init("app") { $0.message.app },
      .init("provider") { $0.push?.provider.rawValue },
      .init("lane") { $0.lane },
      .init("position") { $0.message.position },
      .init("delivery_id") { $0.id },
      .init("user_id") { $0.decision.user.rawValue },
      .init("device_id") { $0.decision.device?.rawValue },
      .init("due_at") { $0.message.decidedAt },
      .init("expires_at") { $0.message.expiresAt },
    ]
  }
}
