-- dispatch.list_due: lists what is due in some lanes of an app, in the order of the ledger.
--
-- Arguments: arrays of the same length: lane, provider, the place after which to go on (a position
--   and a delivery), and how many rows at most.
-- Result: rows with the number of their lane in the arrays, from 1, and where the device stands
--   now: topic, environment and credential of its way by that provider, null where it is gone.
-- Locks: none. Nothing that it lists may be sent before dispatch.hand_out gave it out.
create or replace function dispatch.list_due(
  in_app text, in_lanes smallint[], in_providers text[], after_positions bigint[],
  after_deliveries uuid[], in_limits int[])
returns table (
  number int, "position" bigint, delivery_id uuid, user_id text, device_id text, attempts int,
  due_at timestamptz, expires_at timestamptz, topic text, environment text, credential_id text)
language plpgsql stable
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
    select a.number::int, d.position, d.delivery_id, d.user_id, d.device_id, d.attempts,
        d.due_at, d.expires_at, v.topic, v.environment, v.credential_id
      from unnest(in_lanes, in_providers, after_positions, after_deliveries, in_limits)
        with ordinality as a (lane, provider, after_position, after_delivery, room, number)
      cross join lateral (
        select d.position, d.delivery_id, d.user_id, d.device_id, d.attempts, d.due_at,
            d.expires_at
          from dispatch.due d
          where d.app = in_app and d.provider = a.provider and d.lane = a.lane
            and (d.position, d.delivery_id) > (a.after_position, a.after_delivery)
          order by d.position, d.delivery_id limit a.room) d
      left join lateral (
        select w.topic, w.environment, w.credential_id
          from notifications_v1.devices v
          cross join lateral (
            select v.topic, v.environment, v.credential_id,
                v.provider is distinct from a.provider as is_other
            union all
            select f.topic, f.environment, f.credential_id, false
              from notifications_v1.fallbacks f
              where v.provider <> a.provider and f.app = in_app and f.user_id = d.user_id
                and f.device_id = d.device_id and f.provider = a.provider) w
          where v.app = in_app and v.user_id = d.user_id and v.device_id = d.device_id
          order by w.is_other limit 1) v
        on true
      order by a.number, d.position, d.delivery_id;
end
$$;

comment on function dispatch.list_due is
  'What is due in lanes, in the order of the ledger, from a place on.';
