-- How many pushes were called off before they left, and why?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select h.reason, sum(h.deliveries)::bigint as pushes, sum(h.attempted)::bigint as of_these_attempted
from pushledger.hourly_deliveries h
where h.app = :'app' and h.status = 'cancelled'
  and h.hour >= pushledger.hour_of(:'from'::timestamptz) and h.hour < :'to'::timestamptz
group by h.reason
order by 2 desc, 1;
