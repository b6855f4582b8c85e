-- Which push tokens went from one user to another: phones that changed hands?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
with registered as materialized (
  select n.app, n.position, n.recorded_at, n.stream, n.data, h.sha256
  from pushledger.events n
  cross join lateral jsonb_array_elements_text(
    jsonb_path_query_array(n.data, 'strict $.**.token_sha256')) as h (sha256)
  where n.app = :'app' and n.type = 'device.registered'
    and n.position > (
      select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
    and n.position <= (
      select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
)
select r.recorded_at as moved_at, left(r.sha256, 12) as token, t.user_id as from_user,
  t.device_id as from_device, r.data ->> 'user' as to_user, r.data ->> 'device' as to_device
from registered r
cross join lateral (
  select o.data ->> 'user' as user_id, o.position from pushledger.events o
  where o.app = r.app and o.type = 'device.registered'
    and jsonb_path_query_array(o.data, 'strict $.**.token_sha256') ? r.sha256
    and o.position < r.position and o.stream <> r.stream
  offset 0) o
cross join lateral (
  select t.user_id, t.device_id, t.until_position from pushledger.tokens t
  where t.app = r.app and t.user_id = o.user_id and t.since_position = o.position
    and t.token_sha256 = r.sha256
  offset 0) t
where t.until_position = r.position and t.user_id <> r.data ->> 'user'
order by r.position;
