create or replace view pushledger.deliveries as
  select d.app, d.delivery_id, m.message_id, d."position", m.sender, d.user_id, d.device_id,
    d.provider, d.status, d.reason, d.badge, d.sound, d.attempts, d.decided_at,
    d.first_attempt_at, d.ended_at, d.delivered_at, d.opened_at, m.expires_at,
    d.not_shown_at, d.not_shown_reason, d.due_position, d.platform, d.app_version
  from notifications_v1.deliveries d
  join notifications_v1.messages m on m.app = d.app and m.position = d.position;

comment on view pushledger.deliveries is
  'One message and one device (or recipient): what was decided, and what became of it. Suppressed '
  'ones of a message to many recipients are counted in suppressed_counts instead.';
comment on column pushledger.deliveries.app is 'The app.';
comment on column pushledger.deliveries.delivery_id is
  'UUID version 5 of app, message, user and device; every push carries it in its payload.';
comment on column pushledger.deliveries.message_id is 'The message.';
comment on column pushledger.deliveries.position is 'The message''s place in the ledger.';
comment on column pushledger.deliveries.sender is 'Who sent the message.';
comment on column pushledger.deliveries.user_id is 'The recipient.';
comment on column pushledger.deliveries.device_id is
  'The device; null where the decision concerns the recipient.';
comment on column pushledger.deliveries.provider is
  'The channel that it goes, or was to go last, such as apns; null where suppressed.';
comment on column pushledger.deliveries.status is
  'suppressed, due, cancelled, expired, rejected, token_invalid or accepted.';
comment on column pushledger.deliveries.reason is
  'Why it was suppressed, cancelled or refused; null otherwise.';
comment on column pushledger.deliveries.badge is 'The number on the app''s icon it carries.';
comment on column pushledger.deliveries.sound is 'The sound it carries; null: none.';
comment on column pushledger.deliveries.attempts is 'Attempts recorded so far.';
comment on column pushledger.deliveries.decided_at is 'When it was decided: at the commit.';
comment on column pushledger.deliveries.first_attempt_at is 'Start of the first attempt.';
comment on column pushledger.deliveries.ended_at is
  'When it was accepted, refused or called off; null while it is due.';
comment on column pushledger.deliveries.delivered_at is
  'When the app or the provider saw it arrive; null where nobody said so.';
comment on column pushledger.deliveries.opened_at is
  'When the user opened it; null where nobody said so.';
comment on column pushledger.deliveries.expires_at is 'After this it is not sent any more.';
comment on column pushledger.deliveries.not_shown_at is
  'When the provider reported that the phone did not show it; null where it said nothing.';
comment on column pushledger.deliveries.not_shown_reason is
  'Why, in the provider''s code, such as status_6; null where it said nothing.';
comment on column pushledger.deliveries.due_position is
  'The refused attempt after which another way was tried last; null: none was.';
comment on column pushledger.deliveries.platform is
  'What the device was when it was decided, such as ios; null where it concerns the recipient.';
comment on column pushledger.deliveries.app_version is
  'The app''s version on it then; null where it was not told.';
