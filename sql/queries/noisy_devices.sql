-- Which devices fail or register anew most often?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
-- limit = 20: how many devices at most
select n.*
from pushledger.noisy_tokens(
  :'app', :'from'::timestamptz, :'to'::timestamptz, :'limit'::int) n;
