import Ledger
import Postgres
import PushCore

/// Counts what a batch decided, by the hour, for the roll-up.
struct DecisionTally {
  private struct Key: Hashable {
    var hour: Timestamp
    var provider: String
    var platform: String
    var appVersion: String
    var status: DeliveryStatus
    var reason: String
  }

  private struct Messages {
    var count: Int64 = 0
    var recipients: Int64 = 0
  }

  private var messages: [Timestamp: Messages] = [:]
  private var deliveries: [Key: Int64] = [:]

  mutating func add(_ decided: MessageDecisions) {
    let hour = decided.recordedAt.startOfHour
    messages[hour, default: Messages()].count += 1
    messages[hour, default: Messages()].recipients += Int64(decided.recipients)
  }

  mutating func add(
    _ decided: MessageDecisions, _ decision: Decision, _ push: Decision.Push,
    _ callOff: BatchCallOffs.CallOff?
  ) {
    add(
      decided, decision, provider: push.provider.rawValue, callOff == nil ? .due : .cancelled,
      reason: callOff?.reason.rawValue ?? "")
  }

  mutating func add(
    _ decided: MessageDecisions, _ decision: Decision, _ reason: SuppressionReason
  ) {
    add(decided, decision, provider: "", .suppressed, reason: reason.rawValue)
  }

  private mutating func add(
    _ decided: MessageDecisions, _ decision: Decision, provider: String,
    _ status: DeliveryStatus, reason: String
  ) {
    let key = Key(
      hour: decided.recordedAt.startOfHour, provider: provider,
      platform: decision.platform?.rawValue ?? "", appVersion: decision.appVersion ?? "",
      status: status, reason: reason)
    deliveries[key, default: 0] += 1
  }

  func calls(_ app: AppID, _ tables: ProjectionTables) -> [PostgresCall] {
    let messages = messageCall(app, tables)
    return deliveries.isEmpty ? [messages] : [messages, deliveryCall(app, tables)]
  }

  private func messageCall(_ app: AppID, _ tables: ProjectionTables) -> PostgresCall {
    let rows = Array(messages)
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: rows.map { PostgresTimestamp($0.key) })
    values.add(array: rows.map(\.value.count))
    values.add(array: rows.map(\.value.recipients))
    return PostgresCall(
      """
      insert into \(tables.schema).hourly_messages as h (app, hour, messages, recipients)
      select $1, * from unnest($2::timestamptz[], $3::bigint[], $4::bigint[])
      on conflict (app, hour) do update
        set messages = h.messages + excluded.messages,
          recipients = h.recipients + excluded.recipients
      """, values)
  }

  private func deliveryCall(_ app: AppID, _ tables: ProjectionTables) -> PostgresCall {
    let rows = Array(deliveries)
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: rows.map { PostgresTimestamp($0.key.hour) })
    values.add(array: rows.map(\.key.provider))
    values.add(array: rows.map(\.key.platform))
    values.add(array: rows.map(\.key.appVersion))
    values.add(array: rows.map(\.key.status.rawValue))
    values.add(array: rows.map(\.key.reason))
    values.add(array: rows.map(\.value))
    return PostgresCall(
      """
      insert into \(tables.schema).hourly_deliveries as h (app, hour, provider, platform,
        app_version, status, reason, deliveries, attempted, delivered, opened, not_shown)
      select $1, *, 0, 0, 0, 0
      from unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::bigint[])
      \(StatisticsSQL.addDeliveries)
      """, values)
  }
}

extension Timestamp {
  private static let microsecondsPerHour: Int64 = 3_600_000_000

  /// In UTC, as `pushledger.hour_of`.
  fileprivate var startOfHour: Timestamp {
    let (quotient, remainder) = microseconds.quotientAndRemainder(
      dividingBy: Self.microsecondsPerHour)
    let hours = remainder < 0 ? quotient - 1 : quotient
    return Timestamp(microseconds: hours * Self.microsecondsPerHour)
  }
}
