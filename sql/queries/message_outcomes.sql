-- For whom was a message, and what became of it on each device?
-- app: the app
-- message: the message's id
select d.user_id, d.device_id, d.platform, d.provider, d.status, d.reason, d.badge, d.attempts
from pushledger.messages m
join pushledger.deliveries d on d.app = m.app and d.position = m.position
where m.app = :'app' and m.message_id = :'message'
union all
select '(' || s.count || ' decisions)', null, null, null, 'suppressed', s.reason, null, 0
from pushledger.messages m
join pushledger.suppressed_counts s on s.app = m.app and s.position = m.position
where m.app = :'app' and m.message_id = :'message'
order by 1, 2;
