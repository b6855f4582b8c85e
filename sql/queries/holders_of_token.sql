-- Who had this push token, and when?
-- app: the app
-- token: the token's SHA-256 in hex, all 64 digits, as tokens_of_user has them
select t.user_id, t.device_id, t.provider, t.since_at, t.until_at, t.ended_by
from pushledger.events e
join pushledger.tokens t on t.app = e.app and t.user_id = e.data ->> 'user'
  and t.since_position = e.position and t.token_sha256 = :'token'
where e.app = :'app' and e.type = 'device.registered'
  and jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ? :'token'
order by t.since_position;
