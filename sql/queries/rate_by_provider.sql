-- How well does each provider take our pushes, by the hour?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select r.starts_at, r.kind as provider, r.pushes, r.due, r.accepted, r.refused, r.expired,
  r.cancelled, r.accepted_share
from pushledger.delivery_rate(
  :'app', :'from'::timestamptz, :'to'::timestamptz, '1 hour', 'provider') r
where r.pushes > 0
order by r.starts_at, r.kind;
