-- Why did this user's phone (not) ring for this message?
-- app: the app
-- message: the message's id
-- user: the recipient
select coalesce(d.device_id, '(all)') as device, d.status, d.reason, r.sentence, d.attempts,
  d.ended_at, d.delivered_at, d.opened_at
from pushledger.messages m
join pushledger.deliveries d on d.app = m.app and d.position = m.position
left join pushledger.suppression_rules r on d.status = 'suppressed' and r.reason = d.reason
where m.app = :'app' and m.message_id = :'message' and d.user_id = :'user'
order by d.device_id;
