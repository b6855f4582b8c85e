-- How well do pushes for one group's messages arrive?
-- app: the app
-- group: the group
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
with kept as materialized (
  select m.app, m.position from pushledger.messages m
  where m.app = :'app'
    and m.conversation = pushledger.conversation_name(null, null, :'group')
    and m.position > (
      select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
    and m.position <= (
      select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
), found as (
  select d.provider, d.status, d.reason, count(*) as deliveries,
    count(d.delivered_at) as delivered, count(d.opened_at) as opened
  from kept k
  join pushledger.deliveries d on d.app = k.app and d.position = k.position
  group by d.provider, d.status, d.reason
  union all
  -- Of a message to many it was only kept how many had which reason.
  select null, 'suppressed', s.reason, sum(s.count), 0, 0
  from kept k
  join pushledger.suppressed_counts s on s.app = k.app and s.position = k.position
  group by s.reason
)
select coalesce(f.provider, '(none)') as provider, f.status, f.reason,
  sum(f.deliveries)::bigint as deliveries, sum(f.delivered)::bigint as delivered,
  sum(f.opened)::bigint as opened
from found f
group by f.provider, f.status, f.reason
order by 4 desc, 1, 2, 3;
