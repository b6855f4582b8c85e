create or replace view pushledger.attempts as
  select a.app, a."position", a.delivery_id, m.message_id, d.user_id, d.device_id, a.attempt,
    a.provider, a.outcome, a.status, a.reason, a.provider_message_id, a.started_at,
    a.finished_at, a.retry_at, a.dispatcher, a.fenced
  from notifications_v1.attempts a
  left join notifications_v1.deliveries d on d.app = a.app and d.delivery_id = a.delivery_id
  left join notifications_v1.messages m on m.app = d.app and m.position = d.position;

comment on view pushledger.attempts is 'Every try at a delivery, with what the provider answered.';
comment on column pushledger.attempts.app is 'The app.';
comment on column pushledger.attempts.position is 'Place of its push.attempted in the ledger.';
comment on column pushledger.attempts.delivery_id is 'The delivery.';
comment on column pushledger.attempts.message_id is 'The message.';
comment on column pushledger.attempts.user_id is 'The recipient.';
comment on column pushledger.attempts.device_id is 'The device.';
comment on column pushledger.attempts.attempt is 'Its number, from 1.';
comment on column pushledger.attempts.provider is 'The channel, such as apns.';
comment on column pushledger.attempts.outcome is
  'accepted, retry, rejected, token_invalid, expired or unknown.';
comment on column pushledger.attempts.status is 'The HTTP status; null where none came.';
comment on column pushledger.attempts.reason is 'The provider''s reason, or ours.';
comment on column pushledger.attempts.provider_message_id is 'The provider''s id of the push.';
comment on column pushledger.attempts.started_at is 'When it was sent.';
comment on column pushledger.attempts.finished_at is 'When the outcome was known.';
comment on column pushledger.attempts.retry_at is 'When the next try was planned; null: none.';
comment on column pushledger.attempts.dispatcher is 'Which dispatcher sent it.';
comment on column pushledger.attempts.fenced is
  'True: its lane had been taken over before it was recorded.';
