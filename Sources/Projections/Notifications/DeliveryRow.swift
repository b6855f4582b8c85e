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

/// A batch's rows on their way into the tables: few by a statement, which goes with all others of
/// the batch at once; many by COPY, which takes a turn of its own and a third of the time.
struct DeliveryRows {
  static let copyFrom = 500

  private static let deliveryColumns = """
    app, delivery_id, position, conversation, user_id, device_id, platform, app_version, provider,
    lane, status, reason, badge, sound, decided_at, ended_at
    """
  private static let dueColumns = """
    app, provider, lane, position, delivery_id, user_id, device_id, due_at, expires_at
    """

  private let tables: ProjectionTables
  /// Those that go by a statement.
  private var few: [DeliveryRow] = []
  private var deliveries: PostgresCopy?
  private var due: PostgresCopy?

  /// - Parameter count: Rows that will be added.
  init(_ tables: ProjectionTables, count: Int) {
    self.tables = tables
    guard count >= Self.copyFrom else { return }
    deliveries = PostgresCopy(
      "copy \(tables.schema).deliveries (\(Self.deliveryColumns)) from stdin (format binary)",
      columns: 16)
    if tables.sayWhatIsDue {
      due = PostgresCopy(
        "copy dispatch.due (\(Self.dueColumns)) from stdin (format binary)", columns: 9)
    }
  }

  mutating func add(_ row: DeliveryRow) {
    guard deliveries != nil else {
      few.append(row)
      return
    }
    copyDelivery(row)
    if row.isDue { copyDue(row) }
  }

  func copies() -> [PostgresCopy] { [deliveries, due].compactMap(\.self).filter { $0.count > 0 } }

  func calls() -> [PostgresCall] {
    guard !few.isEmpty else { return [] }
    let due = tables.sayWhatIsDue ? few.filter(\.isDue) : []
    return [insertedDeliveries()] + (due.isEmpty ? [] : [inserted(due: due)])
  }

  private func insertedDeliveries() -> PostgresCall {
    var values = PostgresParameters()
    values.add(array: few.map(\.message.app))
    values.add(array: few.map(\.id))
    values.add(array: few.map(\.message.position))
    values.add(array: few.map(\.message.conversation))
    values.add(array: few.map(\.decision.user.rawValue))
    values.add(array: few.map(\.decision.device?.rawValue))
    values.add(array: few.map(\.decision.platform?.rawValue))
    values.add(array: few.map(\.decision.appVersion))
    values.add(array: few.map(\.push?.provider.rawValue))
    values.add(array: few.map(\.lane))
    values.add(array: few.map(\.status.rawValue))
    values.add(array: few.map(\.reason))
    values.add(array: few.map(\.push?.badge))
    values.add(array: few.map { $0.push?.sound })
    values.add(array: few.map(\.message.decidedAt))
    values.add(array: few.map { $0.callOff.map { PostgresTimestamp($0.at) } })
    return PostgresCall(
      """
      insert into \(tables.schema).deliveries (\(Self.deliveryColumns))
      select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::smallint[], $11::text[], $12::text[],
        $13::bigint[], $14::text[], $15::timestamptz[], $16::timestamptz[])
      """, values)
  }

  private mutating func copyDelivery(_ row: DeliveryRow) {
    let push = row.push
    deliveries?.beginRow()
    deliveries?.add(row.message.app)
    deliveries?.add(row.id)
    deliveries?.add(row.message.position)
    deliveries?.add(row.message.conversation)
    deliveries?.add(row.decision.user.rawValue)
    deliveries?.add(row.decision.device?.rawValue)
    deliveries?.add(row.decision.platform?.rawValue)
    deliveries?.add(row.decision.appVersion)
    deliveries?.add(push?.provider.rawValue)
    deliveries?.add(row.lane)
    deliveries?.add(row.status.rawValue)
    deliveries?.add(row.reason)
    deliveries?.add(push?.badge)
    deliveries?.add(push?.sound)
    deliveries?.add(row.message.decidedAt)
    deliveries?.add((row.callOff?.at).map(PostgresTimestamp.init))
  }

  private func inserted(due: [DeliveryRow]) -> PostgresCall {
    var values = PostgresParameters()
    values.add(array: due.map(\.message.app))
    values.add(array: due.map(\.push?.provider.rawValue))
    values.add(array: due.map(\.lane))
    values.add(array: due.map(\.message.position))
    values.add(array: due.map(\.id))
    values.add(array: due.map(\.decision.user.rawValue))
    values.add(array: due.map(\.decision.device?.rawValue))
    values.add(array: due.map(\.message.decidedAt))
    values.add(array: due.map(\.message.expiresAt))
    return PostgresCall(
      """
      insert into dispatch.due (\(Self.dueColumns))
      select * from unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[], $5::uuid[],
        $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[])
      """, values)
  }

  private mutating func copyDue(_ row: DeliveryRow) {
    due?.beginRow()
    due?.add(row.message.app)
    due?.add(row.push?.provider.rawValue)
    due?.add(row.lane)
    due?.add(row.message.position)
    due?.add(row.id)
    due?.add(row.decision.user.rawValue)
    due?.add(row.decision.device?.rawValue)
    due?.add(row.message.decidedAt)
    due?.add(row.message.expiresAt)
  }
}
