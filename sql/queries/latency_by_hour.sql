-- How long do pushes take from the message to the provider's yes, by the hour?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select l.starts_at, l.count, round(l.p50_seconds::numeric, 2) as p50_seconds,
  round(l.p95_seconds::numeric, 2) as p95_seconds, round(l.p99_seconds::numeric, 2) as p99_seconds
from pushledger.latency(:'app', :'from'::timestamptz, :'to'::timestamptz, '1 hour') l
order by l.starts_at;
