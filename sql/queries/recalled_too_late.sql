-- Which messages were recalled after a phone had been told?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select r.data ->> 'message_id' as message_id, d.user_id, d.device_id, d.ended_at as accepted_at,
  r.recorded_at as recalled_at, d.opened_at
from pushledger.events r
join pushledger.messages m on m.app = r.app and m.message_id = r.data ->> 'message_id'
join pushledger.deliveries d on d.app = m.app and d.position = m.position
where r.app = :'app' and r.type = 'message.recalled' and d.status = 'accepted'
  and d.ended_at < r.recorded_at
  and r.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and r.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
order by r.position, d.user_id, d.device_id;
