-- How many messages led to pushes, and how many of these arrived and were opened?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select f.stage, f.number, f.share_of_previous
from pushledger.funnel(:'app', :'from'::timestamptz, :'to'::timestamptz) f
order by f.place;
