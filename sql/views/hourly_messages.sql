create or replace view pushledger.hourly_messages as
  select app, hour, messages, recipients
  from notifications_v1.hourly_messages;

comment on view pushledger.hourly_messages is
  'Messages that were kept, by hour.';
comment on column pushledger.hourly_messages.app is 'The app.';
comment on column pushledger.hourly_messages.hour is 'When they were committed: the hour in UTC.';
comment on column pushledger.hourly_messages.messages is 'How many.';
comment on column pushledger.hourly_messages.recipients is 'For how many users it was decided.';
