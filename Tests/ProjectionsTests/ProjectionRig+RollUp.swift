import Postgres
import PushCore

extension ProjectionRig {
  /// Rows of the hourly roll-up that are not what a scan of the projection says.
  func rollUpDrift(_ app: AppID) async throws -> [String] {
    try await drift(Self.deliveries, app) + drift(Self.latencies, app) + drift(Self.attempts, app)
      + drift(Self.messages, app)
  }

  private func drift(_ sql: (scan: String, rollUp: String), _ app: AppID) async throws -> [String] {
    let rows = try await pool.query(
      """
      with scan as (\(sql.scan)), rolled as (\(sql.rollUp))
      select 'scan ' || s::text from (table scan except all table rolled) s
      union all
      select 'rolled ' || r::text from (table rolled except all table scan) r
      """, [app.rawValue])
    return try rows.map { try $0.get(0) }
  }

  private static let deliveries = (
    scan: """
    select pushledger.hour_of(decided_at), coalesce(provider, ''),
      case when status <> 'suppressed' then platform else '' end,
      case when status <> 'suppressed' then coalesce(app_version, '') else '' end, status,
      coalesce(reason, ''), count(*)::bigint, (count(*) filter (where attempts > 0))::bigint,
      count(delivered_at), count(opened_at), count(not_shown_at)
    from notifications_v1.deliveries where app = $1 and status <> 'suppressed'
    group by 1, 2, 3, 4, 5, 6
    union all
    select hour, '', '', '', 'suppressed', reason, sum(number)::bigint, 0, 0, 0, 0
    from (
      select pushledger.hour_of(decided_at) as hour, reason, count(*) as number
      from notifications_v1.deliveries where app = $1 and status = 'suppressed'
      group by 1, 2
      union all
      select pushledger.hour_of(decided_at), reason, sum(count)
      from pushledger.suppressed_counts where app = $1 group by 1, 2) s
    group by hour, reason
    """,
    rollUp: """
    select hour, provider, platform, app_version, status, reason, deliveries, attempted,
      delivered, opened, not_shown
    from pushledger.hourly_deliveries where app = $1 and status <> 'suppressed'
    union all
    select hour, '', '', '', 'suppressed', reason, sum(deliveries)::bigint, 0, 0, 0, 0
    from pushledger.hourly_deliveries where app = $1 and status = 'suppressed'
    group by hour, reason
    """
  )

  private static let latencies = (
    scan: """
    select pushledger.hour_of(d.decided_at), d.provider, d.platform,
      coalesce(d.app_version, ''), t.stage,
      pushledger.latency_bucket(t.at - d.decided_at), count(*)::bigint
    from notifications_v1.deliveries d
    cross join lateral (values
      ('accepted', case when d.status = 'accepted' then d.ended_at end),
      ('delivered', d.delivered_at), ('opened', d.opened_at)) as t (stage, at)
    where d.app = $1 and t.at is not null and d.status <> 'suppressed'
    group by 1, 2, 3, 4, 5, 6
    """,
    rollUp: """
    select hour, provider, platform, app_version, stage, bucket, count
    from notifications_v1.hourly_latencies
    where app = $1 and count <> 0 and stage <> 'request' and provider <> ''
    """
  )

  private static let attempts = (
    scan: """
    select pushledger.hour_of(e.recorded_at), a.provider, d.platform,
      coalesce(d.app_version, ''), a.outcome, coalesce(a.reason, ''), count(*)::bigint
    from notifications_v1.attempts a
    join notifications_v1.deliveries d on d.app = a.app and d.delivery_id = a.delivery_id
      and d.position < a.position and d.status <> 'suppressed'
    join ledger.events e on e.app = a.app and e.position = a.position
    where a.app = $1 group by 1, 2, 3, 4, 5, 6
    """,
    rollUp: """
    select hour, provider, platform, app_version, outcome, reason, attempts
    from pushledger.hourly_attempts where app = $1
    """
  )

  private static let messages = (
    scan: """
    select pushledger.hour_of(recorded_at), count(*)::bigint, sum(recipients)::bigint
    from notifications_v1.messages where app = $1 group by 1
    """,
    rollUp: "select hour, messages, recipients from pushledger.hourly_messages where app = $1"
  )
}
