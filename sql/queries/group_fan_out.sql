-- Which groups cost most: how many decisions and pushes did their messages make?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
-- limit = 20: how many groups at most
select m.to_group as "group", count(*) as messages, sum(m.recipients)::bigint as decided_for,
  sum(m.pushes)::bigint as pushes, round(avg(m.pushes), 2) as pushes_a_message
from pushledger.messages m
where m.app = :'app' and m.conversation like 'group/%'
  and m.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and m.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
group by m.to_group
order by 4 desc, 1
limit :'limit'::int;
