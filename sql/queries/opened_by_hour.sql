-- At which hours are notifications opened?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select r.starts_at, r.accepted, r.delivered, r.opened,
  round(r.opened::numeric / nullif(r.accepted, 0), 4) as opened_share
from pushledger.delivery_rate(:'app', :'from'::timestamptz, :'to'::timestamptz, '1 hour') r
where r.accepted > 0
order by r.starts_at;
