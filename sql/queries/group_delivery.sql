-- How well do pushes for one group's messages arrive?
-- app: the app
-- group: the group
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select coalesce(d.provider, '(none)') as provider, d.status, d.reason, count(*) as deliveries,
  count(d.delivered_at) as delivered, count(d.opened_at) as opened
from pushledger.messages m
join pushledger.deliveries d on d.app = m.app and d.position = m.position
where m.app = :'app'
  and m.conversation = pushledger.conversation_name(null, null, :'group')
  and m.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and m.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
group by d.provider, d.status, d.reason
order by 4 desc, 1, 2, 3;
