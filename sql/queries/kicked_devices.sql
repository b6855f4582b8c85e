-- Who was logged out of a device by a login elsewhere?
-- app: the app
-- from = yesterday: from when, inclusive
-- to = tomorrow: until when, exclusive
select e.recorded_at as at, d.user_id, d.device_id as logged_out, d.platform,
  e.data ->> 'device' as by_login_on
from pushledger.events e
join pushledger.devices d on d.app = e.app and d.user_id = e.data ->> 'user'
  and d.kicked_at = e.position
where e.app = :'app' and e.type = 'device.logged_in'
  and e.position > (
    select pushledger.position_at(:'app', :'from'::timestamptz - interval '1 microsecond'))
  and e.position <= (
    select pushledger.position_at(:'app', :'to'::timestamptz - interval '1 microsecond'))
order by e.position, d.device_id;
