-- Which pushes have waited longest?
-- app: the app
-- limit = 20: how many at most
select d.message_id, d.user_id, d.device_id, d.provider, d.attempts, d.decided_at, d.expires_at,
  a.outcome as last_outcome, a.reason as last_reason, a.retry_at
from pushledger.deliveries d
left join lateral (
  select a.outcome, a.reason, a.retry_at from pushledger.attempts a
  where a.app = d.app and a.delivery_id = d.delivery_id
  order by a.position desc limit 1) a on true
where d.app = :'app' and d.status = 'due'
order by d.position, d.device_id
limit :'limit'::int;
