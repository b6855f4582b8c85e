-- How many push tokens died each day, at which provider and why?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select date_trunc('day', e.recorded_at at time zone 'UTC')::date as day,
  e.data ->> 'provider' as provider, e.data ->> 'reason' as reason, count(*) as tokens
from pushledger.events e
where e.app = :'app' and e.type = 'device.token_invalidated'
  and e.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and e.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
group by 1, 2, 3
order by 1, 4 desc, 2, 3;
