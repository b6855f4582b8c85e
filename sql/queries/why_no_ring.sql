-- Why did this user's phone (not) ring for this message?
-- app: the app
-- message: the message's id
-- user: the recipient; where only counts were kept, ask pushledger explain MESSAGE --user USER
select coalesce(f.device_id, '(all)') as device, f.status, f.reason, r.sentence, f.attempts,
  f.ended_at, f.delivered_at, f.opened_at
from (
  select d.device_id, d.status, d.reason, d.attempts, d.ended_at, d.delivered_at, d.opened_at,
    0 as decisions
  from pushledger.messages m
  join pushledger.deliveries d on d.app = m.app and d.position = m.position
  where m.app = :'app' and m.message_id = :'message' and d.user_id = :'user'
  union all
  -- What was decided of the user may be one of these, if they were a recipient at all.
  select '(perhaps among ' || s.count || ')', 'suppressed', s.reason, 0, null, null, null, s.count
  from pushledger.messages m
  join pushledger.suppressed_counts s on s.app = m.app and s.position = m.position
  where m.app = :'app' and m.message_id = :'message'
    and not exists (
      select from pushledger.deliveries d
      where d.app = m.app and d.position = m.position and d.user_id = :'user'
      offset 0)
) f
left join pushledger.suppression_rules r on f.status = 'suppressed' and r.reason = f.reason
order by f.decisions desc, f.device_id, f.reason;
