import Ledger
import Postgres
import PushCore

/// Makes what is stored for the messages of a batch: the messages, their deliveries, what is due, and
/// the suppressed ones as rows or counts.
struct DecisionWriter {
  let app: AppID
  let tables: ProjectionTables
  let settings: ProjectionSettings
  let output: BatchOutput

  private var messages: [MessageDecisions] { output.messages }

  func stored() -> (calls: [PostgresCall], copies: [PostgresCopy]) {
    guard !messages.isEmpty else { return ([], []) }
    var tally = output.tally
    // What calls deliveries of this batch off.
    let callOffs = BatchCallOffs(output.cancellations)
    var rows = DeliveryRows(tables, count: output.rows)
    for decided in messages { add(decided, callOffs, to: &rows, &tally) }
    var calls = [messageRows()] + rows.calls()
    if !output.suppressed.isEmpty { calls.append(countRows()) }
    return (calls + tally.calls(app, tables), rows.copies())
  }

  private func add(
    _ decided: MessageDecisions, _ callOffs: BatchCallOffs, to rows: inout DeliveryRows,
    _ tally: inout DecisionTally
  ) {
    let message = MessageColumns(app, decided, settings)
    var ids = DeliveryID.OfMessage(app: app, message: decided.message.id)
    for decision in decided.decisions {
      var row = DeliveryRow(
        id: ids.id(of: decision.user, decision.device), message: message, decision: decision)
      switch decision.verdict {
      case .push(let push):
        row.lane = Lane.of(decision.user, count: settings.lanes)
        row.callOff = decision.device.flatMap {
          callOffs.first(
            of: decision.user, $0, in: decided.state?.conversation, at: decided.position)
        }
        tally.add(decided, decision, push, row.callOff)
      case .suppressed(let reason): tally.add(decided, decision, reason)
      }
      rows.add(row)
    }
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
        sequence, counted_targets, occurred_at, recorded_at, expires_at, notification, recipients,
        pushes)
      select $1, m.id, m.position, m.conversation, m.sender, m.sequence, m.targets,
        m.occurred_at, m.recorded_at, m.expires_at, m.notification, m.recipients, m.pushes
      from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[],
        $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::json[], $12::int[],
        $13::int[]) as m (id, position, conversation, sender, sequence, targets, occurred_at,
        recorded_at, expires_at, notification, recipients, pushes)
      """, values)
  }

  private func countRows() -> PostgresCall {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: output.suppressed.map(\.position))
    values.add(array: output.suppressed.map(\.reason.rawValue))
    values.add(array: output.suppressed.map(\.count))
    return PostgresCall(
      """
      insert into \(tables.schema).suppressed_counts (app, position, reason, count)
      select $1, * from unnest($2::bigint[], $3::text[], $4::int[])
      """, values)
  }
}
