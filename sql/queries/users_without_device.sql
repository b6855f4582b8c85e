-- Which users were written to and have no device?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
-- limit = 20: how many users at most
select d.user_id, count(*) as messages, max(d.decided_at) as last_at
from pushledger.deliveries d
where d.app = :'app' and d.status = 'suppressed' and d.reason = 'no_device'
  and d.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and d.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
group by d.user_id
order by 2 desc, 1
limit :'limit'::int;
