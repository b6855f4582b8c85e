-- dispatch.list_sent: what streams of devices were handed, and of which nothing is recorded yet.
--
-- Arguments: users, devices and positions as arrays of the same length: of each device what stands
--   at most there.
-- Result: rows with the number of their device in the arrays, from 1, in order.
-- Rights: its owner's.
create or replace function dispatch.list_sent(
  in_app text, in_users text[], in_devices text[], up_to bigint[])
returns table (
  number int, "position" bigint, delivery_id uuid, attempt int, message_id text, badge bigint,
  sent_at timestamptz, server text)
language plpgsql stable security definer
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
    select a.number::int, s.position, s.delivery_id, s.attempt, m.message_id, y.badge, s.sent_at,
        s.server
      from unnest(in_users, in_devices, up_to) with ordinality
        as a (user_id, device_id, up_to, number)
      cross join lateral (
        select s.* from dispatch.sent s
          where s.app = in_app and s.user_id = a.user_id and s.device_id = a.device_id
            and s.position <= a.up_to
          order by s.position) s
      cross join lateral (
        select y.badge, y.position from notifications_v1.deliveries y
          where y.app = in_app and y.delivery_id = s.delivery_id limit 1) y
      cross join lateral (
        select m.message_id from notifications_v1.messages m
          where m.app = in_app and m.position = y.position limit 1) m
      order by a.number, s.position;
end
$$;

comment on function dispatch.list_sent is
  'What streams of devices were handed, and of which nothing is recorded yet.';
