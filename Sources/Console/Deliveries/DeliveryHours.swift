import Ledger
import Postgres
import PushCore

/// In which hours the statistics have any of what a filter asks for.
struct DeliveryHours: Sendable {
  /// Places in the ledger: after `low`, up to and with `high`.
  struct Span: Sendable {
    var low: Position
    var high: Position
  }

  struct Found: Sendable {
    /// The newest first.
    var spans: [Span] = []
    /// What is known ends after this place.
    var end: Position = 0
  }

  let app: AppID
  let filter: DeliveryFilter

  /// Asks back from a place, for at most ``DeliveryWalk/window``, and gives at most
  /// ``DeliveryWalk/spans``.
  func read(upTo high: Position, _ connection: PostgresConnection) async throws -> Found {
    guard let top = try await hour(at: high, connection) else { return Found() }
    let start = max(filter.from.startOfHour, top - DeliveryWalk.window)
    var conditions = SQLConditions(after: [
      app.rawValue, PostgresTimestamp(microseconds: start.microseconds),
      PostgresTimestamp(microseconds: top.microseconds),
    ])
    filter.addKinds(to: &conditions, "h")
    let rows = try await connection.query(
      """
      select h.hour from pushledger.hourly_deliveries h
      where h.app = $1 and h.hour >= $2 and h.hour <= $3\(conditions.text)
      group by h.hour order by h.hour desc
      """, conditions.values)
    var spans = Self.join(try rows.map { row in try row.timestamp(0) })
    var end = start
    if spans.count > DeliveryWalk.spans {
      spans = Array(spans.prefix(DeliveryWalk.spans))
      end = spans.last?.lowerBound ?? start
    }
    let calls =
      [Self.place(app, end)]
      + spans.flatMap { [Self.place(app, $0.lowerBound), Self.place(app, $0.upperBound)] }
    let places = try await connection.pipeline(calls).map { result in
      try result.first?.get(0, as: Position.self) ?? 0
    }
    return Found(
      spans: spans.indices.map { Span(low: places[1 + 2 * $0], high: places[2 + 2 * $0]) },
      end: places[0])
  }

  /// How many the statistics count in the filter's time, in whole hours.
  ///
  /// - Returns: Nil where they do not tell them apart, or there are too many hours.
  func count(at now: Timestamp, _ connection: PostgresConnection) async throws -> Int64? {
    let end = filter.until ?? now
    guard filter.isCounted, end - filter.from <= DeliveryWalk.window else { return nil }
    var conditions = SQLConditions(after: [
      app.rawValue, PostgresTimestamp(microseconds: filter.from.startOfHour.microseconds),
      filter.until.map { PostgresTimestamp(microseconds: $0.microseconds) },
    ])
    filter.addKinds(to: &conditions, "h")
    let rows = try await connection.query(
      """
      select coalesce(sum(h.deliveries), 0)::bigint from pushledger.hourly_deliveries h
      where h.app = $1 and h.hour >= $2 and h.hour < coalesce($3, 'infinity')\(conditions.text)
      """, conditions.values)
    return try rows.first?.get(0)
  }

  /// The hour of the newest message up to a place.
  private func hour(
    at high: Position, _ connection: PostgresConnection
  ) async throws -> Timestamp? {
    try await connection.query(
      """
      select m.recorded_at from pushledger.messages m
      where m.app = $1 and m.position <= $2 order by m.position desc limit 1
      """, [app.rawValue, high]
    ).first?.timestamp(0).startOfHour
  }

  /// The last place before a moment.
  private static func place(_ app: AppID, _ time: Timestamp) -> PostgresCall {
    PostgresCall(
      "select pushledger.position_at($1, $2)",
      [app.rawValue, PostgresTimestamp(microseconds: time.microseconds - 1)])
  }

  /// Hours that follow each other become one span of time.
  private static func join(_ hours: [Timestamp]) -> [Swift.Range<Timestamp>] {
    var spans: [Swift.Range<Timestamp>] = []
    for hour in hours {
      let end = hour + .seconds(3_600)
      if let last = spans.last, last.lowerBound == end {
        spans[spans.count - 1] = hour..<last.upperBound
      } else {
        spans.append(hour..<end)
      }
    }
    return spans
  }
}

extension Timestamp {
  /// The hour in UTC in which it lies.
  var startOfHour: Timestamp {
    let hour: Int64 = 3_600_000_000
    return Timestamp(
      microseconds: microseconds - (microseconds % hour + hour) % hour)
  }
}
