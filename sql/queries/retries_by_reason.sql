-- What made pushes be tried again, by provider and reason?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select a.provider, a.outcome, a.reason, sum(a.attempts)::bigint as attempts
from pushledger.hourly_attempts a
where a.app = :'app' and a.outcome in ('retry', 'unknown')
  and a.hour >= pushledger.hour_of(:'from'::timestamptz) and a.hour < :'to'::timestamptz
group by a.provider, a.outcome, a.reason
order by 4 desc, 1, 2, 3;
