-- pushledger.delivery_rate: how many pushes were decided, accepted, refused and so on, by time.
--
--   select * from pushledger.delivery_rate('demo', now() - interval '1 day', now(), '1 hour');
--   select * from pushledger.delivery_rate('demo', now() - interval '7 days', now(), '1 day',
--     'app_version');
--
-- Arguments: the app; from inclusive, to exclusive; the step, above 0 and without months, whose
--   length varies, counted from `from`; a day is 24 hours; what to tell apart: provider, platform,
--   app_version or reason; null: nothing.
-- Result: a row for each step, also where nothing was decided, and for each kind there was in it.
--   A delivery belongs to the step in which its message was committed, however late it was answered.
--   What still may change is counted under due. accepted_share is that of the deliveries which the
--   provider has answered for good; null where it has answered none.
-- Cost: steps of whole hours that begin on the hour read the hourly roll-up, at most one row for
--   each hour and kind of delivery; other steps read every delivery of the time between.
-- Errors: 22023 an argument is not as it must be, or there would be more than 10,000 steps.
create or replace function pushledger.delivery_rate(
  in_app text, in_from timestamptz, in_to timestamptz, step interval, by text default null)
returns table (
  starts_at timestamptz, kind text, pushes bigint, due bigint, accepted bigint, refused bigint,
  expired bigint, cancelled bigint, delivered bigint, opened bigint, suppressed bigint,
  accepted_share numeric)
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  width constant interval := pushledger.check_steps(in_from, in_to, step);
  is_hourly constant boolean := extract(epoch from width) % 3600 = 0
    and pushledger.hour_of(in_from) = in_from and pushledger.hour_of(in_to) = in_to;
  after_position bigint;
  last_position bigint;
begin
  if by not in ('provider', 'platform', 'app_version', 'reason') then
    raise exception 'by is %; provider, platform, app_version or reason is expected', by
      using errcode = '22023';
  end if;
  if not is_hourly then
    after_position := pushledger.position_at(in_app, in_from - interval '1 microsecond');
    last_position := pushledger.position_at(in_app, in_to - interval '1 microsecond');
  end if;
  return query
    with found as (
      select h.hour as at, h.provider, h.platform, h.app_version, h.reason, h.status,
          h.deliveries as number, h.delivered, h.opened
        from pushledger.hourly_deliveries h
        where is_hourly and h.app = in_app and h.hour >= in_from and h.hour < in_to
      union all
      select d.decided_at, d.provider, d.platform, d.app_version, d.reason, d.status, 1,
          (d.delivered_at is not null)::int, (d.opened_at is not null)::int
        from pushledger.deliveries d
        where not is_hourly and d.app = in_app and d.position > after_position
          and d.position <= last_position
      union all
      select s.decided_at, '', '', '', s.reason, 'suppressed', s.count, 0, 0
        from pushledger.suppressed_counts s
        where not is_hourly and s.app = in_app and s.position > after_position
          and s.position <= last_position
    ), counted as (
      select date_bin(width, f.at, in_from) as starts_at,
          case by when 'provider' then coalesce(f.provider, '')
            when 'platform' then coalesce(f.platform, '')
            when 'app_version' then coalesce(f.app_version, '')
            when 'reason' then coalesce(f.reason, '') end as kind,
          coalesce(sum(f.number) filter (where f.status <> 'suppressed'), 0)::bigint as pushes,
          coalesce(sum(f.number) filter (where f.status = 'due'), 0)::bigint as due,
          coalesce(sum(f.number) filter (where f.status = 'accepted'), 0)::bigint as accepted,
          coalesce(sum(f.number) filter (
            where f.status in ('rejected', 'token_invalid')), 0)::bigint as refused,
          coalesce(sum(f.number) filter (where f.status = 'expired'), 0)::bigint as expired,
          coalesce(sum(f.number) filter (where f.status = 'cancelled'), 0)::bigint as cancelled,
          sum(f.delivered)::bigint as delivered, sum(f.opened)::bigint as opened,
          coalesce(sum(f.number) filter (where f.status = 'suppressed'), 0)::bigint as suppressed
        from found f
        group by 1, 2
    )
    select s.starts_at, c.kind, coalesce(c.pushes, 0), coalesce(c.due, 0),
        coalesce(c.accepted, 0), coalesce(c.refused, 0), coalesce(c.expired, 0),
        coalesce(c.cancelled, 0), coalesce(c.delivered, 0), coalesce(c.opened, 0),
        coalesce(c.suppressed, 0),
        round(c.accepted::numeric / nullif(c.accepted + c.refused, 0), 4)
      from generate_series(in_from, in_to - interval '1 microsecond', width) as s (starts_at)
      left join counted c on c.starts_at = s.starts_at
      order by s.starts_at, c.kind;
end
$$;

comment on function pushledger.delivery_rate is
  'Deliveries of an app by time step and kind: decided, accepted, refused, expired, suppressed.';
