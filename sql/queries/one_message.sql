-- What happened to one message, from the sending to the last receipt?
-- app: the app
-- message: the message's id
select t.position, t.recorded_at, t.type, t."user", t.device, t.attempt, t.outcome, t.reason
from pushledger.timeline(:'app', :'message') t
order by t.position;
