-- What does the ledger keep of this user, and for how long has it?
-- app: the app
-- user: the user
select e.type, count(*) as events, count(e.content) as with_content, min(e.recorded_at) as first_at,
  max(e.recorded_at) as last_at
from (
  select e.type, e.recorded_at, e.content from pushledger.events e
  where e.app = :'app' and e.stream = 'user/' || replace(replace(:'user', '%', '%25'), '/', '%2F')
  union all
  select e.type, e.recorded_at, e.content from pushledger.events e
  where e.app = :'app'
    and e.stream > 'device/' || replace(replace(:'user', '%', '%25'), '/', '%2F') || '/'
    and e.stream < 'device/' || replace(replace(:'user', '%', '%25'), '/', '%2F') || '0'
  union all
  select e.type, e.recorded_at, e.content from pushledger.events e
  where e.app = :'app' and e.data ->> 'user' = :'user'
    and e.type in ('group.member_added', 'group.receive_changed', 'group.member_removed')
  union all
  select e.type, e.recorded_at, e.content from pushledger.messages m
  join pushledger.events e on e.app = m.app and e.position = m.position
  where m.app = :'app' and m.sender = :'user'
) e
group by e.type
order by 2 desc, 1;
