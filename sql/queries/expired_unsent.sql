-- Which pushes expired before a provider took them, and what stood in the way?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select d.message_id, d.user_id, d.device_id, d.provider, d.attempts, d.expires_at,
  a.outcome as last_outcome, a.reason as last_reason
from pushledger.deliveries d
left join lateral (
  select a.outcome, a.reason from pushledger.attempts a
  where a.app = d.app and a.delivery_id = d.delivery_id and a.outcome <> 'expired'
  order by a.position desc limit 1) a on true
where d.app = :'app' and (d.status = 'expired' or d.reason = 'expired')
  and d.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and d.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
order by d.position, d.device_id;
