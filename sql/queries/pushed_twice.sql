-- Which pushes may have rung twice: accepted after a try whose end nobody knows?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select a.message_id, a.user_id, a.device_id, a.provider, u.attempt as unknown_attempt,
  a.attempt as accepted_attempt, a.finished_at - u.started_at as apart
from pushledger.attempts a
join pushledger.attempts u on u.app = a.app and u.delivery_id = a.delivery_id
  and u.outcome = 'unknown' and u.attempt < a.attempt
where a.app = :'app' and a.outcome = 'accepted' and a.attempt > 1
  and a.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and a.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
order by a.position, u.attempt;
