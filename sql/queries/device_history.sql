-- What was heard of this device, newest first?
-- app: the app
-- user: whose device it is
-- device: the device
-- limit = 50: how many events at most
select e.position, e.recorded_at, e.type, e.data ->> 'platform' as platform,
  e.data ->> 'provider' as provider, left(e.data ->> 'token_sha256', 12) as token,
  e.data ->> 'app_version' as app_version, e.data ->> 'reason' as reason
from pushledger.events e
where e.app = :'app'
  and e.stream = 'device/' || replace(replace(:'user', '%', '%25'), '/', '%2F') || '/'
    || replace(replace(:'device', '%', '%25'), '/', '%2F')
order by e.position desc
limit :'limit'::int;
