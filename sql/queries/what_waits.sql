-- What waits to be pushed, and for what?
-- app: the app
select s.provider,
  coalesce(s.lacks, case when s.dispatchers = 0 then 'no_dispatcher' end) as waits_for,
  s.due, s.backing_off, s.attempted, s.in_flight, s.oldest_due_at
from pushledger.dispatch_status s
where s.app = :'app'
order by s.due desc, s.provider;
