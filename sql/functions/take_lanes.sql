-- dispatch.take_lanes: leases lanes of an app that have something due, or that were left without
--   being given back, to a dispatcher.
--
-- Arguments: the providers that it can send through; the lanes it knows it holds; how long it
--   leases them. Lanes that nobody holds, or whose lease has run out, are taken, at most the
--   dispatcher's share: the app's lanes divided by the dispatchers that have shown up for it.
-- Result: for each lane taken a row with delivery_id null, and where the dispatcher before left
--   without giving it back, a row for each delivery that it may have sent without recording it:
--   one that it listed, and whose attempt of that number is not recorded. One that was called off
--   since, or accepted from another dispatcher, is among them: it is no longer due, but it may have
--   rung. So is one whose end the projection has not seen yet: to record that again changes nothing.
-- Locks: the rows of the lanes taken; those locked by others are left to them. Whoever records
--   for a lane holds its row `for key share`, so an epoch never changes under a recording.
--
-- Here and in its sisters rows are looked up by `limit 1` subqueries, one by one: that plan is an
-- index lookup whatever the statistics say, also the plan cached while the tables were empty.
create or replace function dispatch.take_lanes(
  in_app text, in_dispatcher text, in_providers text[], in_held smallint[],
  in_lease_seconds float8)
returns table (
  lane smallint, epoch bigint, lost_dispatcher text, provider text, "position" bigint,
  delivery_id uuid, attempts int, user_id text, device_id text, message_id text)
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
  wanted smallint[];
  room int;
begin
  if not exists (
    select from dispatch.dispatchers s
      where s.app = in_app and s.dispatcher = in_dispatcher and s.seen_until > moment + lease / 2)
  then
    insert into dispatch.dispatchers (app, dispatcher, seen_until)
      values (in_app, in_dispatcher, moment + lease)
      on conflict (app, dispatcher) do update set seen_until = excluded.seen_until;
  end if;

  with recursive found (provider, lane) as (
    select p.provider, (
        select min(d.lane) from dispatch.due d
          where d.app = in_app and d.provider = p.provider)
      from unnest(in_providers) as p (provider)
    union all
    select f.provider, (
        select min(d.lane) from dispatch.due d
          where d.app = in_app and d.provider = f.provider and d.lane > f.lane)
      from found f where f.lane is not null
  )
  select array_agg(distinct w.lane) into wanted
    from (
      select f.lane from found f where f.lane is not null
      union all
      select l.lane from dispatch.lanes l where l.app = in_app and l.leased_until < moment) w
    where w.lane <> all (in_held);
  if wanted is null then
    return;
  end if;

  select ceil(a.lanes::numeric / greatest(1, (
      select count(*) from dispatch.dispatchers s
        where s.app = in_app and s.seen_until > moment))) - cardinality(in_held)
    into room from ledger.apps a where a.app = in_app;
  if room is null or room <= 0 then
    return;
  end if;

  insert into dispatch.lanes (app, lane, epoch)
    select in_app, w.lane, 0 from unnest(wanted) as w (lane)
      where not exists (
        select from dispatch.lanes l where l.app = in_app and l.lane = w.lane)
    on conflict (app, lane) do nothing;

  return query
    with free as (
      select l.lane, l.dispatcher from dispatch.lanes l
        where l.app = in_app and l.lane = any (wanted)
          and (l.dispatcher is null or l.leased_until < moment or l.dispatcher = in_dispatcher)
        order by l.lane limit room for update skip locked
    ), taken as (
      update dispatch.lanes l
        set epoch = l.epoch + 1, dispatcher = in_dispatcher, leased_until = moment + lease
        from free f where l.app = in_app and l.lane = f.lane
        returning l.lane, l.epoch, f.dispatcher
    )
    select t.lane, t.epoch, t.dispatcher, null, null, null, null, null, null, null from taken t
    union all
    select t.lane, t.epoch, t.dispatcher, h.provider, e.position, e.delivery_id, e.attempt - 1,
        y.user_id, y.device_id, m.message_id
      from taken t
      join dispatch.handed_out h on h.app = in_app and h.lane = t.lane
      cross join unnest(h.positions, h.deliveries, h.attempts)
        as e (position, delivery_id, attempt)
      cross join lateral (
        select y.* from notifications_v1.deliveries y
          where y.app = in_app and y.delivery_id = e.delivery_id limit 1) y
      cross join lateral (
        select m.message_id from notifications_v1.messages m
          where m.app = in_app and m.position = y.position limit 1) m
      left join lateral (
        select d.attempts from dispatch.due d
          where d.app = in_app and d.provider = h.provider and d.lane = h.lane
            and d.position = e.position and d.delivery_id = e.delivery_id limit 1) d on true
      where d.attempts + 1 = e.attempt
        or (d.attempts is null and y.attempts < e.attempt);
end
$$;

comment on function dispatch.take_lanes is
  'Leases lanes that have something due, and says what their last holder may have sent.';
