-- What was unread for this user at that time: which number was right on the icon?
-- app: the app
-- user: the user
-- at = now: when
select u.conversation, u.unread, u.receive, sum(u.unread) over ()::bigint as in_all
from pushledger.unread_at(:'app', :'user', pushledger.position_at(:'app', :'at'::timestamptz)) u
order by u.unread desc, u.conversation;
