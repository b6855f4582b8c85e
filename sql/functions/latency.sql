-- pushledger.latency: how long pushes took, by time: percentiles from the hourly histograms.
--
--   select * from pushledger.latency('demo', now() - interval '1 day', now(), '1 hour');
--   select * from pushledger.latency('demo', now() - interval '7 days', now(), '1 day', 'request',
--     'provider');
--
-- Arguments: the app; from inclusive, to exclusive, taken to whole hours; the step, of whole hours
--   and without months; the stage: accepted, delivered or opened, since the message was committed,
--   or request, from an attempt's start to its answer; what to tell apart: provider, platform or
--   app_version; null: nothing.
-- Result: a row for each step and kind in which there was any: how many, and in seconds the time
--   that half, 95 and 99 of a hundred took at most. Between two bounds of the histogram it is
--   reckoned as if they were spread evenly; beyond the last, a day, it is that.
-- Errors: 22023 an argument is not as it must be, or there would be more than 10,000 steps.
create or replace function pushledger.latency(
  in_app text, in_from timestamptz, in_to timestamptz, step interval,
  stage text default 'accepted', by text default null)
returns table (
  starts_at timestamptz, kind text, count bigint, p50_seconds float8, p95_seconds float8,
  p99_seconds float8)
language plpgsql stable
set search_path = pg_catalog
as $$
#variable_conflict use_column
declare
  begins constant timestamptz := pushledger.hour_of(in_from);
  width constant interval := pushledger.check_steps(in_from, in_to, step);
  wanted constant text := latency.stage;
begin
  if extract(epoch from width) % 3600 <> 0 then
    raise exception 'the step is %; whole hours are expected', step using errcode = '22023';
  elsif wanted is null or wanted not in ('accepted', 'delivered', 'opened', 'request') then
    raise exception 'stage is %; accepted, delivered, opened or request is expected', wanted
      using errcode = '22023';
  elsif by not in ('provider', 'platform', 'app_version') then
    raise exception 'by is %; provider, platform or app_version is expected', by
      using errcode = '22023';
  end if;
  return query
    with found as (
      select date_bin(width, h.hour, begins) as starts_at,
          case by when 'provider' then h.provider when 'platform' then h.platform
            when 'app_version' then h.app_version end as kind,
          h.at_least, coalesce(h.below, h.at_least) as below, sum(h.count) as count
        from pushledger.hourly_latencies h
        where h.app = in_app and h.stage = wanted and h.hour >= begins and h.hour < in_to
        group by 1, 2, 3, 4
    ), ranked as (
      select f.*, sum(f.count) over upto as upto, sum(f.count) over whole as total
        from found f
        window whole as (partition by f.starts_at, f.kind),
          upto as (partition by f.starts_at, f.kind order by f.at_least)
    ), placed as (
      select r.starts_at, r.kind, r.total, q.share,
          r.at_least + (r.below - r.at_least)
            * ((q.share * r.total - (r.upto - r.count)) / r.count)::float8 as seconds
        from ranked r
        cross join (values (0.5), (0.95), (0.99)) as q (share)
        where q.share * r.total > r.upto - r.count and q.share * r.total <= r.upto
    )
    select p.starts_at, p.kind, max(p.total)::bigint,
        max(p.seconds) filter (where p.share = 0.5), max(p.seconds) filter (where p.share = 0.95),
        max(p.seconds) filter (where p.share = 0.99)
      from placed p
      group by p.starts_at, p.kind
      order by p.starts_at, p.kind;
end
$$;

comment on function pushledger.latency is
  'How long pushes took, by time step and kind: percentiles from the hourly histograms.';
