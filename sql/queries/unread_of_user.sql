-- What is unread for this user, by conversation?
-- app: the app
-- user: the user
select u.conversation, u.unread, u.receive, u.read_position
from pushledger.unread u
where u.app = :'app' and u.user_id = :'user'
order by u.unread desc, u.conversation;
