-- Why were people not pushed?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select s.reason, s.decisions, s.messages, s.rule, s.sentence
from pushledger.why_suppressed(:'app', :'from'::timestamptz, :'to'::timestamptz) s;
