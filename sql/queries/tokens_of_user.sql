-- Which push tokens did this user's devices have, newest first, and how did each end?
-- app: the app
-- user: the user
-- limit = 50: how many registrations at most
select t.device_id, t.place, t.provider, t.token_sha256 as token, t.app_version,
  t.since_at, t.until_at, t.ended_by, t.ended_reason
from pushledger.tokens t
where t.app = :'app' and t.user_id = :'user'
order by t.since_position desc, t.place
limit :'limit'::int;
