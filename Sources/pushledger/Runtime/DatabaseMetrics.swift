import API
import Postgres

/// What the other roles do, as far as it shows in the database, for `GET /metrics` of any server.
///
/// The counts are over all apps: an app is no label. Nothing is told while the database is away.
struct DatabaseMetrics: Sendable {
  private static let patience = Duration.seconds(2)

  private let pool: PostgresPool
  private let statistics: StatisticsMetrics

  init(pool: PostgresPool) {
    self.pool = pool
    statistics = StatisticsMetrics(pool, patience: Self.patience)
  }

  func families() async -> [MetricFamily] {
    // The first that fails ends it: the others would wait as long for nothing.
    (try? await lag() + inFlight() + pauses() + circuits() + reactions() + statistics.read())
      ?? []
  }

  private func lag() async throws -> [MetricFamily] {
    let rows = try await pool.query(
      """
      select projection, coalesce(max(lag_events), 0), coalesce(max(lag_seconds), 0)::float8,
        count(*) filter (where failed_at is not null)
      from pushledger.projection_status where serves group by 1 order by 1
      """, timeout: Self.patience)
    func family(
      _ name: String, _ help: String, _ value: (PostgresRow) throws -> Double
    ) throws -> MetricFamily {
      MetricFamily(
        name, .gauge, help: help,
        samples: try rows.map { row in
          .init(try value(row), labels: [("projection", try row.get(0))])
        })
    }
    return [
      try family(
        "pushledger_projection_lag_events", "Events not folded yet, of the app that has most."
      ) { Double(try $0.get(1, as: Int64.self)) },
      try family(
        "pushledger_projection_lag_seconds",
        "For how long the oldest event that is not folded has been stored."
      ) { try $0.get(2) },
      try family(
        "pushledger_projections_failed",
        "Apps whose projection stands still before an event that cannot be folded."
      ) { Double(try $0.get(3, as: Int64.self)) },
    ]
  }

  private func inFlight() async throws -> [MetricFamily] {
    let rows = try await pool.query(
      "select provider, sum(pushes)::bigint from pushledger.in_flight group by 1 order by 1",
      timeout: Self.patience)
    return [
      MetricFamily(
        "pushledger_pushes_in_flight", .gauge, help: "Pushes on their way to a provider.",
        samples: try rows.map { row in
          .init(Double(try row.get(1, as: Int64.self)), labels: [("provider", try row.get(0))])
        })
    ]
  }

  private func pauses() async throws -> [MetricFamily] {
    let rows = try await pool.query(
      "select coalesce(provider, 'all'), count(*) from pushledger.pauses group by 1 order by 1",
      timeout: Self.patience)
    return [
      MetricFamily(
        "pushledger_pauses", .gauge,
        help: "Apps of which a provider, or all, is paused by a person's order.",
        samples: try rows.map { row in
          .init(Double(try row.get(1, as: Int64.self)), labels: [("provider", try row.get(0))])
        })
    ]
  }

  private func reactions() async throws -> [MetricFamily] {
    let rows = try await pool.query(
      """
      select coalesce(max(behind), 0), count(*) filter (where failures > 0),
        (select count(*) from pushledger.broadcasts where state <> 'finished')
      from pushledger.webhooks
      """, timeout: Self.patience)
    return try rows.flatMap { row in
      [
        MetricFamily(
          "pushledger_webhook_behind_events", .gauge,
          help: "Events not told yet, of the webhook that has most.",
          value: Double(try row.get(0, as: Int64.self))),
        MetricFamily(
          "pushledger_webhooks_failing", .gauge, help: "Webhooks whose last call failed.",
          value: Double(try row.get(1, as: Int64.self))),
        MetricFamily(
          "pushledger_broadcasts_unfinished", .gauge, help: "Broadcasts not sent to all yet.",
          value: Double(try row.get(2, as: Int64.self))),
      ]
    }
  }

  private func circuits() async throws -> [MetricFamily] {
    let rows = try await pool.query(
      """
      select provider, case when host is null then 'credential' else 'host' end, count(*)
      from pushledger.circuits where state <> 'closed' group by 1, 2 order by 1, 2
      """, timeout: Self.patience)
    return [
      MetricFamily(
        "pushledger_circuits_open", .gauge, help: "Circuits that let nothing or one probe through.",
        samples: try rows.map { row in
          .init(
            Double(try row.get(2, as: Int64.self)),
            labels: [("provider", try row.get(0)), ("of", try row.get(1))])
        })
    ]
  }
}
