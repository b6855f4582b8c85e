-- dispatch.list_expired: due deliveries of an app whose expiry has passed, in some lanes.
--
-- Arguments: the lanes, and how many rows at most.
-- Result: what an attempt `expired` is recorded with; what a stream was handed counts as attempted.
--   Mostly these wait for a device or a credential, or behind a circuit: what can be sent is found
--   expired when its turn comes.
-- Locks: none. It reads all that is due in the app: call it now and then.
create or replace function dispatch.list_expired(in_app text, in_lanes smallint[], in_limit int)
returns table (
  lane smallint, provider text, "position" bigint, delivery_id uuid, attempts int, user_id text,
  device_id text, message_id text)
language sql stable
set search_path = pg_catalog
as $$
  select d.lane, d.provider, d.position, d.delivery_id,
      greatest(d.attempts, s.attempt), d.user_id, d.device_id, m.message_id
    from dispatch.due d
    join notifications_v1.deliveries y on y.app = d.app and y.delivery_id = d.delivery_id
    join notifications_v1.messages m on m.app = d.app and m.position = y.position
    left join dispatch.sent s on s.app = d.app and s.user_id = d.user_id
      and s.device_id = d.device_id and s.position = d.position
    where d.app = in_app and d.lane = any (in_lanes) and d.expires_at <= now()
    order by d.position, d.delivery_id limit in_limit;
$$;

comment on function dispatch.list_expired is
  'Due deliveries whose expiry has passed, in some lanes.';
