-- Which accepted pushes did phones not show, and why?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select d.message_id, d.user_id, d.device_id, d.provider, d.not_shown_at, d.not_shown_reason
from pushledger.deliveries d
where d.app = :'app' and d.not_shown_at is not null
  and d.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and d.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
order by d.position, d.device_id;
