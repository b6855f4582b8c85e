-- Which push tokens did this user's devices have, and how did each end?
-- app: the app
-- user: the user
select t.device_id, t.place, t.provider, left(t.token_sha256, 12) as token, t.app_version,
  t.since_at, t.until_at, t.ended_by, t.ended_reason
from pushledger.tokens t
where t.app = :'app' and t.user_id = :'user'
order by t.device_id, t.since_position, t.place;
