-- dispatch.due_now: what is due to be pushed and what it lacks, told in a bounded time, however
-- much is due. pushledger.dispatch_status counts all of it.
--
-- It counts no more than 10,001 deliveries of a provider, by the index alone, and looks up the ways
-- of no more than 512: of the first in each lane, which have waited the longest.
--
-- Arguments: the app. Result: for each provider, a row for each thing that is lacking there:
--   provider       the channel
--   provider_due   what is due by that provider; 10001: more than 10,000
--   lacks          why nothing of it can be sent, as in dispatch_status; null: it can
--   due            what lacks that: at least so many, unless is_counted
--   is_counted     whether due is all that lacks it, up to 10001 as before
--   backing_off    what waits for the time of its next try: at least so many, unless is_whole
--   oldest_due_at  since when the first of them could be sent; or before, unless is_whole
--   is_whole       whether all deliveries by that provider were looked at
--   in_flight      pushes by that provider on their way, as the dispatchers reported within seconds
-- Rights: its owner's.
create or replace function dispatch.due_now(in_app text)
returns table (
  provider text, provider_due bigint, lacks text, due bigint, is_counted boolean,
  backing_off bigint, oldest_due_at timestamptz, is_whole boolean, in_flight bigint)
language sql stable security definer
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_memoize = off
set jit = off
as $$
  select p.provider, n.due, r.lacks, case when r.is_of_all then n.due else r.due end,
    r.is_of_all or n.due <= 512, r.backing_off, r.oldest_due_at, n.due <= 512, (
      select coalesce(sum(f.pushes), 0) from pushledger.in_flight f
      where f.app = in_app and f.provider = p.provider
    )::bigint
  from unnest(array['apns', 'fcm', 'huawei', 'honor', 'xiaomi', 'oppo', 'vivo', 'meizu', 'webpush',
    'callback']) as p (provider)
  cross join lateral (
    select count(*) as due from (
      select from dispatch.due d where d.app = in_app and d.provider = p.provider limit 10001) d) n
  cross join lateral (
    select j.lacks, sum(j.due)::bigint as due, sum(j.backing_off)::bigint as backing_off,
      min(j.oldest_due_at) as oldest_due_at,
      coalesce(j.lacks = 'paused' or j.lacks = 'no_credential' and p.provider <> 'callback', false)
        as is_of_all
    from (
      select dispatch.route_lacks(in_app, p.provider, v.topic, v.environment, v.credential_id)
          as lacks,
        count(*) as due, count(*) filter (where d.due_at > now()) as backing_off,
        min(d.due_at) as oldest_due_at
      from generate_series(0, 63) as l (lane)
      cross join lateral (
        select d.user_id, d.device_id, d.due_at from dispatch.due d
        where d.app = in_app and d.provider = p.provider and d.lane = l.lane
        order by d.position
        limit case when n.due <= 512 then 512
          else 512 / (select a.lanes from ledger.apps a where a.app = in_app) end) d
      left join lateral (
        select v.topic, v.environment, v.credential_id from notifications_v1.devices v
        where v.app = in_app and v.user_id = d.user_id and v.device_id = d.device_id
          and v.provider = p.provider
        union all
        select f.topic, f.environment, f.credential_id from notifications_v1.fallbacks f
        where f.app = in_app and f.user_id = d.user_id and f.device_id = d.device_id
          and f.provider = p.provider
        limit 1) v on true
      group by v.topic, v.environment, v.credential_id) j
    group by j.lacks) r
  where n.due > 0
  order by p.provider, r.lacks nulls first;
$$;

comment on function dispatch.due_now is
  'What is due to be pushed and what it lacks, in a bounded time: of much, at least so many.';
