-- Why was this user not pushed?
-- app: the app
-- user: the user
-- from = -infinity: from when, inclusive
-- to = infinity: until when, exclusive
select s.reason, s.decisions, s.messages, s.rule, s.sentence
from pushledger.why_suppressed(:'app', :'from'::timestamptz, :'to'::timestamptz, :'user') s;
