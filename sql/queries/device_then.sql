-- What was this device at that time: in which state, with which token and settings?
-- app: the app
-- user: whose device it is
-- device: the device
-- at = now: when
select d.platform, d.provider, d.token_sha256 as token, d.app_version, d.push, d.state,
  d.reach, d.kicked_at, d.active_at
from pushledger.device_at(:'app', :'user', :'device',
  pushledger.position_at(:'app', :'at'::timestamptz)) d;
