/// The ends of statements that move deliveries: they keep the hourly roll-up in step.
///
/// A statement gives what it changed as a common table `changed` with two rows of
/// `notifications_v1.deliveries`, `old` and `new`. The old one is taken out of its counts, the new
/// one put in; what is the same cancels out and writes nothing.
enum StatisticsSQL {
  /// Common tables that count `changed`.
  static func changes(_ tables: ProjectionTables) -> String {
    """
    sides as (
      select \(side("old")), -1 as n from changed c
      union all select \(side("new")), 1 from changed c
    ), tallies as (
      select s.app, pushledger.hour_of(s.decided_at) as hour,
        coalesce(s.provider, '') as provider, coalesce(s.platform, '') as platform,
        coalesce(s.app_version, '') as app_version, s.status, coalesce(s.reason, '') as reason,
        sum(s.n) as deliveries, sum(s.n * (s.attempts > 0)::int) as attempted,
        sum(s.n * (s.delivered_at is not null)::int) as delivered,
        sum(s.n * (s.opened_at is not null)::int) as opened,
        sum(s.n * (s.not_shown_at is not null)::int) as not_shown
      from sides s group by 1, 2, 3, 4, 5, 6, 7
    ), tallied as (
      insert into \(tables.schema).hourly_deliveries as h (app, hour, provider, platform,
        app_version, status, reason, deliveries, attempted, delivered, opened, not_shown)
      select * from tallies t
      where (t.deliveries, t.attempted, t.delivered, t.opened, t.not_shown) <> (0, 0, 0, 0, 0)
      \(addDeliveries)
    ), timed as (
      insert into \(tables.schema).hourly_latencies as h (app, hour, provider, platform,
        app_version, stage, bucket, count)
      select s.app, pushledger.hour_of(s.decided_at), coalesce(s.provider, ''),
        coalesce(s.platform, ''), coalesce(s.app_version, ''), t.stage,
        pushledger.latency_bucket(t.at - s.decided_at), sum(s.n)
      from sides s
      cross join lateral (values
        ('accepted', case when s.status = 'accepted' then s.ended_at end),
        ('delivered', s.delivered_at), ('opened', s.opened_at)) as t (stage, at)
      where t.at is not null
      group by 1, 2, 3, 4, 5, 6, 7 having sum(s.n) <> 0
      \(addLatencies)
    )
    """
  }

  /// What counts of one side of a change; all its columns would take twice as long.
  private static func side(_ name: String) -> String {
    [
      "app", "decided_at", "provider", "platform", "app_version", "status", "reason", "attempts",
      "delivered_at", "opened_at", "not_shown_at", "ended_at",
    ]
    .map { "(c.\(name)).\($0)" }.joined(separator: ", ")
  }

  /// Common tables that count `ended`: deliveries that were called off, as they are now, each with
  /// the `reason_before` of when it was due. Of what is counted nothing but status and reason moved,
  /// so that they are counted once, for both sides, and in no latency.
  static func callOffs(_ tables: ProjectionTables) -> String {
    """
    tallies as (
      select e.app, pushledger.hour_of(e.decided_at) as hour, e.provider, e.platform,
        e.app_version, e.reason_before, e.reason, count(*) as deliveries,
        count(*) filter (where e.attempts > 0) as attempted, count(e.delivered_at) as delivered,
        count(e.opened_at) as opened, count(e.not_shown_at) as not_shown
      from ended e group by 1, 2, 3, 4, 5, 6, 7
    ), tallied as (
      insert into \(tables.schema).hourly_deliveries as h (app, hour, provider, platform,
        app_version, status, reason, deliveries, attempted, delivered, opened, not_shown)
      select t.app, t.hour, coalesce(t.provider, ''), coalesce(t.platform, ''),
        coalesce(t.app_version, ''), s.status, coalesce(s.reason, ''), sum(s.n * t.deliveries),
        sum(s.n * t.attempted), sum(s.n * t.delivered), sum(s.n * t.opened),
        sum(s.n * t.not_shown)
      from tallies t
      cross join lateral (values
        ('due', t.reason_before, -1), ('cancelled', t.reason, 1)) as s (status, reason, n)
      group by 1, 2, 3, 4, 5, 6, 7
      \(addDeliveries)
    )
    """
  }

  /// What happens to an hour's row that is there.
  static let addDeliveries = """
    on conflict (app, hour, provider, platform, app_version, status, reason) do update
      set deliveries = h.deliveries + excluded.deliveries,
        attempted = h.attempted + excluded.attempted,
        delivered = h.delivered + excluded.delivered, opened = h.opened + excluded.opened,
        not_shown = h.not_shown + excluded.not_shown
    """

  static let addLatencies = """
    on conflict (app, hour, provider, platform, app_version, stage, bucket) do update
      set count = h.count + excluded.count
    """

  /// Common tables that count what `known` holds: attempts, each with its delivery as `old`.
  static func attempts(_ tables: ProjectionTables) -> String {
    """
    counted as (
      insert into \(tables.schema).hourly_attempts as h (app, hour, provider, platform,
        app_version, outcome, reason, attempts)
      select (k.old).app, pushledger.hour_of(k.recorded_at), k.provider,
        coalesce((k.old).platform, ''), coalesce((k.old).app_version, ''), k.outcome,
        coalesce(k.reason, ''), count(*)
      from known k group by 1, 2, 3, 4, 5, 6, 7
      on conflict (app, hour, provider, platform, app_version, outcome, reason) do update
        set attempts = h.attempts + excluded.attempts
    ), requests as (
      insert into \(tables.schema).hourly_latencies as h (app, hour, provider, platform,
        app_version, stage, bucket, count)
      select (k.old).app, pushledger.hour_of(k.recorded_at), k.provider,
        coalesce((k.old).platform, ''), coalesce((k.old).app_version, ''), 'request',
        pushledger.latency_bucket(k.finished_at - k.started_at), count(*)
      from known k group by 1, 2, 3, 4, 5, 6, 7
      \(addLatencies)
    )
    """
  }
}
