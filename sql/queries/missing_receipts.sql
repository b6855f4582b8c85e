-- Which app versions send no receipts for what providers accepted?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select h.platform, h.app_version, sum(h.deliveries)::bigint as accepted,
  sum(h.delivered)::bigint as delivered, sum(h.deliveries - h.delivered)::bigint as without_receipt
from pushledger.hourly_deliveries h
where h.app = :'app' and h.status = 'accepted'
  and h.hour >= pushledger.hour_of(:'from'::timestamptz) and h.hour < :'to'::timestamptz
group by h.platform, h.app_version
having sum(h.deliveries - h.delivered) > 0
order by 5 desc, 1, 2;
