import Foundation
import Ledger
import Postgres
import PushCore

/// Makes the statements for the messages of a batch: the messages, their deliveries, what is due,
/// and the suppressed ones as rows or counts.
struct DecisionWriter {
  let app: AppID
  let tables: ProjectionTables
  let settings: ProjectionSettings
  let messages: [MessageDecisions]
  /// What calls deliveries of this batch off.
  let callOffs: BatchCallOffs

  func calls() -> [PostgresCall] {
    guard !messages.isEmpty else { return [] }
    var rows = DeliveryRows()
    var counts: [(position: Position, reason: String, count: Int32)] = []
    var tally = DecisionTally()
    for decided in messages {
      tally.add(decided)
      gather(decided, into: &rows, &counts, &tally)
    }
    var calls = [messageRows(), deliveryRows(rows)]
    if rows.due > 0, tables.sayWhatIsDue { calls.append(dueRows(rows)) }
    if !counts.isEmpty { calls.append(countRows(counts)) }
    return calls + tally.calls(app, tables)
  }

  private func gather(
    _ decided: MessageDecisions, into rows: inout DeliveryRows,
    _ counts: inout [(position: Position, reason: String, count: Int32)],
    _ tally: inout DecisionTally
  ) {
    let keepsSuppressed = decided.recipients <= settings.suppressedRowsLimit
    var suppressed: [SuppressionReason: Int32] = [:]
    let expiresAt = settings.expiry(of: decided)
    for decision in decided.decisions {
      switch decision.verdict {
      case .push(let push):
        let callOff = decision.device.flatMap {
          callOffs.first(
            of: decision.user, $0, in: decided.state?.conversation, at: decided.position)
        }
        tally.add(decided, decision, push, callOff)
        rows.add(
          decided, decision, push, callOff, app: app, lanes: settings.lanes, expiresAt: expiresAt)
      case .suppressed(let reason):
        tally.add(decided, decision, reason)
        if keepsSuppressed {
          rows.add(decided, decision, reason, app: app, expiresAt: expiresAt)
        } else {
          suppressed[reason, default: 0] += 1
        }
      }
    }
    for (reason, count) in suppressed { counts.append((decided.position, reason.rawValue, count)) }
  }

  private func messageRows() -> PostgresCall {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: messages.map(\.message.id.rawValue))
    values.add(array: messages.map(\.position))
    values.add(array: messages.map { $0.state?.conversation.storedName })
    values.add(array: messages.map(\.message.sender.rawValue))
    values.add(array: messages.map { $0.state?.sequence ?? 0 })
    values.add(
      array: messages.map { decided in
        let targets = decided.state?.countedTargets ?? []
        return PostgresJSONB(JSON.array(targets.map { .string($0.rawValue) }).serialized())
      })
    values.add(array: messages.map { PostgresTimestamp($0.occurredAt) })
    values.add(array: messages.map { PostgresTimestamp($0.recordedAt) })
    values.add(array: messages.map { PostgresTimestamp(settings.expiry(of: $0)) })
    values.add(array: messages.map { PostgresJSON($0.notification.json.serialized()) })
    values.add(array: messages.map { Int32($0.recipients) })
    values.add(array: messages.map { Int32($0.pushes) })
    return PostgresCall(
      """
      insert into \(tables.schema).messages (app, message_id, position, conversation, sender,
        sequence, counted_targets, recalled, occurred_at, recorded_at, expires_at, notification,
        recipients, pushes)
      select $1, m.id, m.position, m.conversation, m.sender, m.sequence, m.targets, false,
        m.occurred_at, m.recorded_at, m.expires_at, m.notification, m.recipients, m.pushes
      from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[],
        $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::json[], $12::int[],
        $13::int[]) as m (id, position, conversation, sender, sequence, targets, occurred_at,
        recorded_at, expires_at, notification, recipients, pushes)
      """, values)
  }

  private func deliveryRows(_ rows: DeliveryRows) -> PostgresCall {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: rows.ids)
    values.add(array: rows.positions)
    values.add(array: rows.conversations)
    values.add(array: rows.users)
    values.add(array: rows.devices)
    values.add(array: rows.platforms)
    values.add(array: rows.appVersions)
    values.add(array: rows.providers)
    values.add(array: rows.lanes)
    values.add(array: rows.statuses)
    values.add(array: rows.reasons)
    values.add(array: rows.badges)
    values.add(array: rows.sounds)
    values.add(array: rows.decidedAt)
    values.add(array: rows.endedAt)
    return PostgresCall(
      """
      insert into \(tables.schema).deliveries (app, delivery_id, position, conversation, user_id,
        device_id, platform, app_version, provider, lane, status, reason, badge, sound, decided_at,
        ended_at)
      select $1, * from unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::smallint[], $11::text[], $12::text[],
        $13::bigint[], $14::text[], $15::timestamptz[], $16::timestamptz[])
      """, values)
  }

  /// The due rows are those of the deliveries that are due; the same arrays are sent again, so
  /// that the statement doesn't have to read back what the one before it wrote.
  private func dueRows(_ rows: DeliveryRows) -> PostgresCall {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: rows.ids)
    values.add(array: rows.positions)
    values.add(array: rows.users)
    values.add(array: rows.devices)
    values.add(array: rows.providers)
    values.add(array: rows.lanes)
    values.add(array: rows.decidedAt)
    values.add(array: rows.expiresAt)
    values.add(array: rows.statuses)
    return PostgresCall(
      """
      insert into dispatch.due (app, provider, lane, position, delivery_id, user_id, device_id,
        due_at, expires_at)
      select $1, d.provider, d.lane, d.position, d.delivery_id, d.user_id, d.device_id, d.due_at,
        d.expires_at
      from unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::smallint[],
        $8::timestamptz[], $9::timestamptz[], $10::text[]) as d (delivery_id, position, user_id,
        device_id, provider, lane, due_at, expires_at, status)
      where d.status = 'due'
      """, values)
  }

  private func countRows(
    _ counts: [(position: Position, reason: String, count: Int32)]
  ) -> PostgresCall {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: counts.map(\.position))
    values.add(array: counts.map(\.reason))
    values.add(array: counts.map(\.count))
    return PostgresCall(
      """
      insert into \(tables.schema).suppressed_counts (app, position, reason, count)
      select $1, * from unnest($2::bigint[], $3::text[], $4::int[])
      """, values)
  }
}

/// The columns of `notifications_v1.deliveries`, gathered row by row.
private struct DeliveryRows {
  var ids: [UUID] = []
  var positions: [Position] = []
  var conversations: [String?] = []
  var users: [String] = []
  var devices: [String?] = []
  var platforms: [String?] = []
  var appVersions: [String?] = []
  var providers: [String?] = []
  var lanes: [Int16?] = []
  var statuses: [String] = []
  var reasons: [String?] = []
  var badges: [Int64?] = []
  var sounds: [String?] = []
  var decidedAt: [PostgresTimestamp] = []
  var expiresAt: [PostgresTimestamp] = []
  var endedAt: [PostgresTimestamp?] = []
  /// Rows that are due.
  var due = 0

  mutating func add(
    _ decided: MessageDecisions, _ decision: Decision, _ push: Decision.Push,
    _ callOff: BatchCallOffs.CallOff?, app: AppID, lanes count: Int, expiresAt expiry: Timestamp
  ) {
    add(decided, decision, app: app, expiresAt: expiry)
    providers.append(push.provider.rawValue)
    lanes.append(Lane.of(decision.user, count: count))
    statuses.append((callOff == nil ? DeliveryStatus.due : .cancelled).rawValue)
    reasons.append(callOff?.reason.rawValue)
    endedAt.append((callOff?.at).map(PostgresTimestamp.init))
    badges.append(push.badge)
    sounds.append(push.sound)
    if callOff == nil { due += 1 }
  }

  mutating func add(
    _ decided: MessageDecisions, _ decision: Decision, _ reason: SuppressionReason, app: AppID,
    expiresAt expiry: Timestamp
  ) {
    add(decided, decision, app: app, expiresAt: expiry)
    providers.append(nil)
    lanes.append(nil)
    statuses.append(DeliveryStatus.suppressed.rawValue)
    reasons.append(reason.rawValue)
    endedAt.append(nil)
    badges.append(nil)
    sounds.append(nil)
  }

  private mutating func add(
    _ decided: MessageDecisions, _ decision: Decision, app: AppID, expiresAt expiry: Timestamp
  ) {
    ids.append(
      DeliveryID.make(
        app: app, message: decided.message.id, user: decision.user, device: decision.device))
    positions.append(decided.position)
    conversations.append(decided.state?.conversation.storedName)
    users.append(decision.user.rawValue)
    devices.append(decision.device?.rawValue)
    platforms.append(decision.platform?.rawValue)
    appVersions.append(decision.appVersion)
    decidedAt.append(PostgresTimestamp(decided.recordedAt))
    expiresAt.append(PostgresTimestamp(expiry))
  }
}
