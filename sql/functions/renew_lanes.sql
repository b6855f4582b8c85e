-- dispatch.renew_lanes: renews the leases of a dispatcher's lanes, of all apps at once.
--
-- Arguments: arrays of the same length: lanes by app, with the epochs under which they are held.
-- Result: those that it still holds, with the app's number of lanes and of dispatchers alive: who
--   holds more than its share gives some back. A lease that ran out is renewed as long as nobody
--   took the lane.
-- Locks: the lanes' rows, not against who records for them.
create or replace function dispatch.renew_lanes(
  in_dispatcher text, in_apps text[], in_lanes smallint[], in_epochs bigint[],
  in_lease_seconds float8)
returns table (app text, lane smallint, app_lanes int, dispatchers int)
language plpgsql
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  moment constant timestamptz := clock_timestamp();
  lease constant interval := make_interval(secs => in_lease_seconds);
begin
  insert into dispatch.dispatchers (app, dispatcher, seen_until)
    select distinct h.app, in_dispatcher, moment + lease from unnest(in_apps) as h (app)
    on conflict (app, dispatcher) do update set seen_until = excluded.seen_until;

  return query
    with held as (
      update dispatch.lanes l set leased_until = moment + lease
        from unnest(in_apps, in_lanes, in_epochs) as h (app, lane, epoch)
        where l.app = h.app and l.lane = h.lane and l.epoch = h.epoch
          and l.dispatcher = in_dispatcher
        returning l.app, l.lane
    )
    select h.app, h.lane, a.lanes, (
        select count(*)::int from dispatch.dispatchers s
          where s.app = h.app and s.seen_until > moment)
      from held h join ledger.apps a on a.app = h.app;
end
$$;

comment on function dispatch.renew_lanes is 'Renews leases; answers the lanes still held.';
