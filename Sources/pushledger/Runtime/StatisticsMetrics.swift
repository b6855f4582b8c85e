import API
import Ledger
import Postgres
import PushCore

/// What the hourly roll-up says, as counters for `GET /metrics`: over all apps, since the first event.
///
/// Hours that nothing is added to any more are summed once and kept; each scrape reads the rest.
actor StatisticsMetrics {
  private struct Key: Hashable, Comparable {
    var first: String
    var second: String

    static func < (left: Key, right: Key) -> Bool {
      (left.first, left.second) < (right.first, right.second)
    }
  }

  /// Sums of one family, by its labels.
  private typealias Sums = [Key: Double]

  private struct Family {
    let name: String
    let help: String
    let labels: (first: String, second: String)
    /// Selects two texts and a number, of hours from $1, before $2.
    let sql: String
  }

  private static let families = [
    Family(
      name: "pushledger_attempts_total", help: "Attempts recorded, by provider and outcome.",
      labels: ("provider", "outcome"),
      sql: """
        select provider, outcome, sum(attempts)::float8 from pushledger.hourly_attempts
        where hour >= $1 and hour < $2 group by 1, 2
        """),
    Family(
      name: "pushledger_decisions_total",
      help: "Decisions: pushes, and what was suppressed and why.",
      labels: ("decision", "reason"),
      sql: """
        select case status when 'suppressed' then status else 'push' end,
          case status when 'suppressed' then reason else '' end, sum(deliveries)::float8
        from pushledger.hourly_deliveries where hour >= $1 and hour < $2 group by 1, 2
        """),
  ]

  private static let latencies = """
    select provider, coalesce(below::text, '+Inf'), sum(count)::float8
    from pushledger.hourly_latencies
    where stage = 'request' and hour >= $1 and hour < $2 group by 1, 2
    """

  /// The year 9999.
  private static let farFuture = PostgresTimestamp(microseconds: 253_402_300_800_000_000)

  private let pool: PostgresPool
  private let patience: Duration
  /// Hours before this are summed in `closed`.
  private var closedUntil = PostgresTimestamp(microseconds: 0)
  private var closed: [String: Sums] = [:]

  init(_ pool: PostgresPool, patience: Duration) {
    self.pool = pool
    self.patience = patience
  }

  func read() async throws -> [MetricFamily] {
    try await close()
    var read: [MetricFamily] = []
    for family in Self.families {
      let sums = try await sums(family.sql)
      read.append(
        MetricFamily(
          family.name, .counter, help: family.help,
          samples: sums.sorted { $0.key < $1.key }.map { key, value in
            .init(
              value, labels: [(family.labels.first, key.first), (family.labels.second, key.second)])
          }))
    }
    return read + [histogram(try await sums(Self.latencies))]
  }

  /// Sums the hours that are over for every projection.
  private func close() async throws {
    let rows = try await pool.query(
      """
      select pushledger.hour_of(now() - make_interval(secs => coalesce(max(lag_seconds), 0)))
        - interval '1 hour'
      from pushledger.projection_status where serves and projection = 'notifications'
      """, timeout: patience)
    guard let until: PostgresTimestamp = try rows.first?.get(0),
      until.microseconds > closedUntil.microseconds
    else { return }
    var sums = closed
    for sql in Self.families.map(\.sql) + [Self.latencies] {
      for (key, value) in try await query(sql, closedUntil, until) {
        sums[sql, default: [:]][key, default: 0] += value
      }
    }
    closed = sums
    closedUntil = until
  }

  private func sums(_ sql: String) async throws -> Sums {
    let open = try await query(sql, closedUntil, Self.farFuture)
    return (closed[sql] ?? [:]).merging(open, uniquingKeysWith: +)
  }

  private func query(
    _ sql: String, _ from: PostgresTimestamp, _ until: PostgresTimestamp
  ) async throws -> Sums {
    let rows = try await pool.query(sql, [from, until], timeout: patience)
    var sums: Sums = [:]
    for row in rows { sums[Key(first: try row.get(0), second: try row.get(1))] = try row.get(2) }
    return sums
  }

  /// A bucket counts all that took less than its bound.
  private func histogram(_ sums: Sums) -> MetricFamily {
    var samples: [MetricFamily.Sample] = []
    for (provider, buckets) in Dictionary(grouping: sums, by: \.key.first).sorted(by: {
      $0.key < $1.key
    }) {
      let ordered = buckets.map { (bound: Double($0.key.second) ?? .infinity, count: $0.value) }
        .sorted { $0.bound < $1.bound }
      var count = 0.0
      for bucket in ordered where bucket.bound != .infinity {
        count += bucket.count
        samples.append(
          .init(
            count, labels: [("provider", provider), ("le", "\(bucket.bound)")], suffix: "_bucket"))
      }
      let total = ordered.reduce(0) { $0 + $1.count }
      samples.append(
        .init(total, labels: [("provider", provider), ("le", "+Inf")], suffix: "_bucket"))
      samples.append(.init(total, labels: [("provider", provider)], suffix: "_count"))
    }
    return MetricFamily(
      "pushledger_request_duration_seconds", .histogram,
      help: "From an attempt's start to its provider's answer.", samples: samples)
  }
}
