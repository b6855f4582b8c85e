import Ledger
import Postgres
import PushCore

/// Counts what a batch decided, by the hour, for the roll-up.
struct DecisionTally {
  private struct Key: Hashable {
    var hour: Timestamp
    var kind: Kind
  }

  private struct Kind: Hashable {
    var provider: ProviderName?
    var platform: DevicePlatform?
    var status: DeliveryStatus
    var suppression: SuppressionReason?
    var callOff: CancellationReason?
    var appVersion: String?
  }

  private struct Messages {
    var count: Int64 = 0
    var recipients: Int64 = 0
  }

  /// Kinds of one hour that are looked through one by one: there are few, and a look at each costs
  /// less than hashing one.
  private static let recentLimit = 48

  private var messages: [Timestamp: Messages] = [:]
  private var deliveries: [Key: Int64] = [:]
  private var recentHour = Timestamp(microseconds: 0)
  private var recent: [(kind: Kind, count: Int64)] = []

  mutating func add(_ decided: MessageDecisions) {
    let hour = decided.recordedAt.startOfHour
    messages[hour, default: Messages()].count += 1
    messages[hour, default: Messages()].recipients += Int64(decided.recipients)
    if hour != recentHour {
      settle()
      recentHour = hour
    }
  }

  /// Adds a decision of the message that was added last, or of one before it.
  mutating func add(
    _ decided: MessageDecisions, _ decision: Decision, _ push: Decision.Push,
    _ callOff: BatchCallOffs.CallOff?
  ) {
    add(
      decided,
      Kind(
        provider: push.provider, platform: decision.platform,
        status: callOff == nil ? .due : .cancelled, callOff: callOff?.reason,
        appVersion: decision.appVersion))
  }

  mutating func add(
    _ decided: MessageDecisions, _ decision: Decision, _ reason: SuppressionReason
  ) {
    add(
      decided,
      Kind(
        platform: decision.platform, status: .suppressed, suppression: reason,
        appVersion: decision.appVersion))
  }

  private mutating func add(_ decided: MessageDecisions, _ kind: Kind) {
    let hour = decided.recordedAt.startOfHour
    if hour != recentHour {
      settle()
      recentHour = hour
    }
    if let known = recent.firstIndex(where: { $0.kind == kind }) {
      recent[known].count += 1
    } else {
      if recent.count == Self.recentLimit { settle() }
      recent.append((kind, 1))
    }
  }

  private mutating func settle() {
    for (kind, count) in recent {
      deliveries[Key(hour: recentHour, kind: kind), default: 0] += count
    }
    recent.removeAll(keepingCapacity: true)
  }

  mutating func calls(_ app: AppID, _ tables: ProjectionTables) -> [PostgresCall] {
    settle()
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
    values.add(array: rows.map { $0.key.kind.provider?.rawValue ?? "" })
    values.add(array: rows.map { $0.key.kind.platform?.rawValue ?? "" })
    values.add(array: rows.map { $0.key.kind.appVersion ?? "" })
    values.add(array: rows.map(\.key.kind.status.rawValue))
    values.add(
      array: rows.map { row in
        row.key.kind.suppression?.rawValue ?? row.key.kind.callOff?.rawValue ?? ""
      })
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
