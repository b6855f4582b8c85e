create or replace view pushledger.users as
  select app, user_id, nickname, badge_source, muted_until, quiet_from_second, quiet_to_second,
    quiet_time_zone, tags, attributes, deleted
  from notifications_v1.users;

comment on view pushledger.users is 'What the ledger says of the users now.';
comment on column pushledger.users.app is 'The app.';
comment on column pushledger.users.user_id is 'The user, as the chat backend names them.';
comment on column pushledger.users.nickname is 'The name shown before a message.';
comment on column pushledger.users.badge_source is
  'reported: the client''s count goes on; derived: the sum of the unread counts; null: reported.';
comment on column pushledger.users.muted_until is 'Nothing rings before this time.';
comment on column pushledger.users.quiet_from_second is
  'Start of the daily quiet time, seconds since midnight, inclusive.';
comment on column pushledger.users.quiet_to_second is
  'End of the daily quiet time, seconds since midnight, exclusive.';
comment on column pushledger.users.quiet_time_zone is 'IANA time zone of the quiet time.';
comment on column pushledger.users.tags is
  'What the user is chosen by when something is sent to many.';
comment on column pushledger.users.attributes is 'The same, as names with values.';
comment on column pushledger.users.deleted is
  'True: the account was deleted, and nothing was said of the user since.';
