-- Which pushes took longest from the message to the provider's yes?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
-- limit = 20: how many at most
select d.message_id, d.user_id, d.device_id, d.provider, d.attempts, d.decided_at, d.ended_at,
  round(extract(epoch from d.ended_at - d.decided_at), 3) as seconds
from pushledger.deliveries d
where d.app = :'app' and d.status = 'accepted'
  and d.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and d.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
order by d.ended_at - d.decided_at desc, d.position, d.device_id
limit :'limit'::int;
