-- Who has most unread?
-- app: the app
-- limit = 20: how many users at most
select u.user_id, sum(u.unread)::bigint as unread,
  count(*) filter (where u.unread > 0) as conversations
from pushledger.unread u
where u.app = :'app'
group by u.user_id
having sum(u.unread) > 0
order by 2 desc, 1
limit :'limit'::int;
