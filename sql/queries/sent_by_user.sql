-- What did this user send last, and how many phones did it make ring?
-- app: the app
-- user: the user
-- limit = 20: how many messages at most
select m.recorded_at, m.message_id, m.conversation, m.recipients, m.pushes, m.recalled
from pushledger.messages m
where m.app = :'app' and m.sender = :'user'
order by m.position desc
limit :'limit'::int;
