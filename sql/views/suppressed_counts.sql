create or replace view pushledger.suppressed_counts as
  select s.app, m.message_id, s."position", s.reason, s.count, m.recorded_at as decided_at
  from notifications_v1.suppressed_counts s
  join notifications_v1.messages m on m.app = s.app and m.position = s.position;

comment on view pushledger.suppressed_counts is
  'Suppressed decisions of messages to more recipients than the app''s suppressed_rows_limit.';
comment on column pushledger.suppressed_counts.app is 'The app.';
comment on column pushledger.suppressed_counts.message_id is 'The message.';
comment on column pushledger.suppressed_counts.position is 'The message''s place in the ledger.';
comment on column pushledger.suppressed_counts.reason is 'Why nobody was pushed.';
comment on column pushledger.suppressed_counts.count is 'How many decisions said so.';
comment on column pushledger.suppressed_counts.decided_at is 'When they were made: at the commit.';
