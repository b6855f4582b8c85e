-- pushledger.delivery_rate: how many pushes were decided, accepted, refused and so on, by time.
--
--   select * from pushledger.delivery_rate('demo', now() - interval '1 day', now(), '1 hour');
--
-- Arguments: the app; from inclusive, to exclusive; the step, above 0 and without months, whose
--   length varies, counted from `from`; a day is 24 hours.
-- Result: a row for each step, also where nothing was decided. A delivery belongs to the step in
--   which its message was committed, however late it was answered. What still may change is
--   counted under due. accepted_share is that of the deliveries which the provider has answered
--   for good; null where it has answered none.
-- Errors: 22023 the step is not as it must be, or there would be more than 10,000 rows.
create or replace function pushledger.delivery_rate(
  in_app text, in_from timestamptz, in_to timestamptz, step interval)
returns table (
  starts_at timestamptz, pushes bigint, due bigint, accepted bigint, refused bigint,
  expired bigint, cancelled bigint, delivered bigint, opened bigint, suppressed bigint,
  accepted_share numeric)
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  width constant interval := make_interval(secs => extract(epoch from step));
  after_position bigint;
  last_position bigint;
begin
  if step is null or step <= interval '0' or extract(year from step) <> 0
    or extract(month from step) <> 0
  then
    raise exception 'the step must be above 0 and without months' using errcode = '22023';
  elsif in_to - in_from > width * 10000 then
    raise exception 'more than 10,000 steps: take a longer step or a shorter time'
      using errcode = '22023';
  end if;
  after_position := pushledger.position_at(in_app, in_from - interval '1 microsecond');
  last_position := pushledger.position_at(in_app, in_to - interval '1 microsecond');
  return query
    with found as (
      select date_bin(width, d.decided_at, in_from) as starts_at, d.status, 1::bigint as number,
          (d.delivered_at is not null or d.opened_at is not null)::int as delivered,
          (d.opened_at is not null)::int as opened
        from pushledger.deliveries d
        where d.app = in_app and d.position > after_position and d.position <= last_position
      union all
      select date_bin(width, s.decided_at, in_from), 'suppressed', s.count, 0, 0
        from pushledger.suppressed_counts s
        where s.app = in_app and s.position > after_position and s.position <= last_position
    ), counted as (
      select f.starts_at,
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
        group by f.starts_at
    )
    select s.starts_at, coalesce(c.pushes, 0), coalesce(c.due, 0), coalesce(c.accepted, 0),
        coalesce(c.refused, 0), coalesce(c.expired, 0), coalesce(c.cancelled, 0),
        coalesce(c.delivered, 0), coalesce(c.opened, 0), coalesce(c.suppressed, 0),
        round(c.accepted::numeric / nullif(c.accepted + c.refused, 0), 4)
      from generate_series(in_from, in_to - interval '1 microsecond', width) as s (starts_at)
      left join counted c on c.starts_at = s.starts_at
      order by s.starts_at;
end
$$;

comment on function pushledger.delivery_rate is
  'Deliveries of an app by time step: decided, accepted, refused, expired, called off, suppressed.';
