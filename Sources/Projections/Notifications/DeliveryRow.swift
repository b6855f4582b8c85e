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
  /// Of a push only.
  var lane: Int16?
  var callOff: BatchCallOffs.CallOff?

  var isDue: Bool { status == .due }

  fileprivate var push: Decision.Push? {
    if case .push(let push) = decision.verdict { push } else { nil }
  }

  fileprivate var status: DeliveryStatus {
    if push == nil { return .suppressed }
    return callOff == nil ? .due : .cancelled
  }

  fileprivate var reason: String? {
    if case .suppressed(let reason) = decision.verdict { return reason.rawValue }
    return callOff?.reason.rawValue
  }
}

// MARK: - Storing

/// How rows are stored: few by a statement, which goes with all others of its batch at once; many by
/// COPY, which takes a turn of its own and a third of the time.
enum RowsStored {
  static let copyFrom = 500

  case inserted(PostgresCall)
  case copied(PostgresCopy)
}

extension [DeliveryRow] {
  private static let deliveryColumns = """
    app, delivery_id, position, conversation, user_id, device_id, platform, app_version, provider,
    lane, status, reason, badge, sound, decided_at, ended_at
    """
  private static let dueColumns = """
    app, provider, lane, position, delivery_id, user_id, device_id, due_at, expires_at
    """

  func deliveries(in tables: ProjectionTables) -> RowsStored {
    count < RowsStored.copyFrom
      ? .inserted(insertedDeliveries(tables)) : .copied(copiedDeliveries(tables))
  }

  /// Rows that are due, as rows of `dispatch.due`.
  func due() -> RowsStored {
    count < RowsStored.copyFrom ? .inserted(insertedDue()) : .copied(copiedDue())
  }

  private func insertedDeliveries(_ tables: ProjectionTables) -> PostgresCall {
    var values = PostgresParameters()
    values.add(array: map(\.message.app))
    values.add(array: map(\.id))
    values.add(array: map(\.message.position))
    values.add(array: map(\.message.conversation))
    values.add(array: map(\.decision.user.rawValue))
    values.add(array: map(\.decision.device?.rawValue))
    values.add(array: map(\.decision.platform?.rawValue))
    values.add(array: map(\.decision.appVersion))
    values.add(array: map(\.push?.provider.rawValue))
    values.add(array: map(\.lane))
    values.add(array: map(\.status.rawValue))
    values.add(array: map(\.reason))
    values.add(array: map(\.push?.badge))
    values.add(array: map { $0.push?.sound })
    values.add(array: map(\.message.decidedAt))
    values.add(array: map { $0.callOff.map { PostgresTimestamp($0.at) } })
    return PostgresCall(
      """
      insert into \(tables.schema).deliveries (\(Self.deliveryColumns))
      select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::smallint[], $11::text[], $12::text[],
        $13::bigint[], $14::text[], $15::timestamptz[], $16::timestamptz[])
      """, values)
  }

  private func copiedDeliveries(_ tables: ProjectionTables) -> PostgresCopy {
    var rows = PostgresCopy(
      "copy \(tables.schema).deliveries (\(Self.deliveryColumns)) from stdin (format binary)",
      columns: 16)
    for row in self {
      let push = row.push
      rows.beginRow()
      rows.add(row.message.app)
      rows.add(row.id)
      rows.add(row.message.position)
      rows.add(row.message.conversation)
      rows.add(row.decision.user.rawValue)
      rows.add(row.decision.device?.rawValue)
      rows.add(row.decision.platform?.rawValue)
      rows.add(row.decision.appVersion)
      rows.add(push?.provider.rawValue)
      rows.add(row.lane)
      rows.add(row.status.rawValue)
      rows.add(row.reason)
      rows.add(push?.badge)
      rows.add(push?.sound)
      rows.add(row.message.decidedAt)
      rows.add((row.callOff?.at).map(PostgresTimestamp.init))
    }
    return rows
  }

  private func insertedDue() -> PostgresCall {
    var values = PostgresParameters()
    values.add(array: map(\.message.app))
    values.add(array: map(\.push?.provider.rawValue))
    values.add(array: map(\.lane))
    values.add(array: map(\.message.position))
    values.add(array: map(\.id))
    values.add(array: map(\.decision.user.rawValue))
    values.add(array: map(\.decision.device?.rawValue))
    values.add(array: map(\.message.decidedAt))
    values.add(array: map(\.message.expiresAt))
    return PostgresCall(
      """
      insert into dispatch.due (\(Self.dueColumns))
      select * from unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[], $5::uuid[],
        $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[])
      """, values)
  }

  private func copiedDue() -> PostgresCopy {
    var rows = PostgresCopy(
      "copy dispatch.due (\(Self.dueColumns)) from stdin (format binary)", columns: 9)
    for row in self {
      rows.beginRow()
      rows.add(row.message.app)
      rows.add(row.push?.provider.rawValue)
      rows.add(row.lane)
      rows.add(row.message.position)
      rows.add(row.id)
      rows.add(row.decision.user.rawValue)
      rows.add(row.decision.device?.rawValue)
      rows.add(row.message.decidedAt)
      rows.add(row.message.expiresAt)
    }
    return rows
  }
}
