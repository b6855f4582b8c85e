-- Which devices of this user get no push, and why?
-- app: the app
-- user: the user
select d.device_id, d.platform, d.provider, d.state, d.push, d.active_at,
  t.ended_by as token_ended_by, t.until_at as token_ended_at
from pushledger.devices d
left join lateral (
  select t.ended_by, t.until_at from pushledger.tokens t
  where t.app = d.app and t.user_id = d.user_id and t.device_id = d.device_id and t.place = 0
  order by t.since_position desc limit 1) t on true
where d.app = :'app' and d.user_id = :'user'
  and (d.state in ('logged_out', 'offline', 'token_invalid') or d.push is false
    or d.provider is null)
order by d.device_id;
