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

  func stored() -> (calls: [PostgresCall], copies: [PostgresCopy]) {
    guard !output.messages.isEmpty else { return ([], []) }
    var tally = output.tally
    // What calls deliveries of this batch off.
    let callOffs = BatchCallOffs(output.cancellations)
    var messages = StoredRows(
      into: "\(tables.schema).messages", messageColumns, count: output.messages.count)
    var rows = StoredRows(
      into: "\(tables.schema).deliveries", DeliveryRow.columns, count: output.rows)
    var due = StoredRows(into: "dispatch.due", DeliveryRow.dueColumns, count: output.rows)
    for decided in output.messages {
      messages.add(decided)
      let common = MessageColumns(app, decided, settings)
      var ids = DeliveryID.OfMessage(app: app, message: decided.message.id)
      for decision in decided.decisions {
        var row = DeliveryRow(
          ids.id(of: decision.user, decision.device), of: common, decision)
        decide(&row, decided, callOffs, &tally)
        rows.add(row)
        if tables.sayWhatIsDue, row.isDue { due.add(row) }
      }
    }
    var counts = StoredRows(
      into: "\(tables.schema).suppressed_counts", countColumns, count: output.suppressed.count)
    for count in output.suppressed { counts.add(count) }
    var calls = tally.calls(app, tables)
    var copies: [PostgresCopy] = []
    messages.store(&calls, &copies)
    rows.store(&calls, &copies)
    due.store(&calls, &copies)
    counts.store(&calls, &copies)
    return (calls, copies)
  }

  /// Says what a row's decision was, and what of this batch calls it off.
  private func decide(
    _ row: inout DeliveryRow, _ decided: MessageDecisions, _ callOffs: BatchCallOffs,
    _ tally: inout DecisionTally
  ) {
    switch row.decision.verdict {
    case .push(let push):
      row.push = push
      row.lane = Lane.of(row.decision.user, count: settings.lanes)
      row.callOff = row.decision.device.flatMap {
        callOffs.first(
          of: row.decision.user, $0, in: decided.state?.conversation, at: decided.position)
      }
      tally.add(decided, row.decision, push, row.callOff)
    case .suppressed(let reason): tally.add(decided, row.decision, reason)
    }
  }

  private var messageColumns: [StoredRows<MessageDecisions>.Column] {
    let app = app.rawValue
    let settings = settings
    return [
      .init("app") { _ in app },
      .init("message_id") { $0.message.id.rawValue },
      .init("position") { $0.position },
      .init("conversation") { $0.state?.conversation.storedName },
      .init("sender") { $0.message.sender.rawValue },
      .init("sequence") { $0.state?.sequence ?? 0 },
      .init("counted_targets") { decided in
        let targets = decided.state?.countedTargets ?? []
        return PostgresJSONB(JSON.array(targets.map { .string($0.rawValue) }).serialized())
      },
      .init("occurred_at") { PostgresTimestamp($0.occurredAt) },
      .init("recorded_at") { PostgresTimestamp($0.recordedAt) },
      .init("expires_at") { PostgresTimestamp(settings.expiry(of: $0)) },
      .init("notification") { PostgresJSON($0.notification.json.serialized()) },
      .init("recipients") { Int32($0.recipients) },
      .init("pushes") { Int32($0.pushes) },
    ]
  }

  private var countColumns: [StoredRows<BatchOutput.SuppressedCount>.Column] {
    let app = app.rawValue
    return [
      .init("app") { _ in app },
      .init("position") { $0.position },
      .init("reason") { $0.reason.rawValue },
      .init("count") { $0.count },
    ]
  }
}
