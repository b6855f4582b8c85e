-- What did this user miss in quiet hours?
-- app: the app
-- user: the user
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select d.decided_at, d.message_id, d.sender, coalesce('group ' || m.to_group, 'user') as came_by
from pushledger.deliveries d
join pushledger.messages m on m.app = d.app and m.position = d.position
where d.app = :'app' and d.user_id = :'user' and d.status = 'suppressed' and d.reason = 'quiet'
  and d.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and d.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
order by d.position;
