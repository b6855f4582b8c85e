-- With which version of the app do pushes fail most?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select r.kind as app_version, sum(r.pushes)::bigint as pushes, sum(r.accepted)::bigint as accepted,
  sum(r.refused)::bigint as refused, sum(r.expired)::bigint as expired,
  round(sum(r.refused + r.expired) / nullif(sum(r.pushes), 0), 4) as failed_share
from pushledger.delivery_rate(
  :'app', :'from'::timestamptz, :'to'::timestamptz, '1 hour', 'app_version') r
where r.pushes > 0
group by r.kind
order by 6 desc, 1;
