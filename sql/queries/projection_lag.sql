-- How far are the projections behind the ledger?
select s.app, s.projection, s.serves, s."position", s.head, s.lag_events,
  round(s.lag_seconds::numeric, 1) as lag_seconds
from pushledger.projection_status s
order by s.lag_events desc, s.app, s.projection;
