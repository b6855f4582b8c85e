-- In which conversations is most written?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
-- limit = 20: how many at most
select m.conversation, count(*) as messages, count(distinct m.sender) as senders,
  sum(m.pushes)::bigint as pushes, max(m.recorded_at) as last_at
from pushledger.messages m
where m.app = :'app'
  and m.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and m.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
group by m.conversation
order by 2 desc, 1
limit :'limit'::int;
