create or replace view pushledger.hourly_attempts as
  select app, hour, provider, platform, app_version, outcome, reason, attempts
  from notifications_v1.hourly_attempts;

comment on view pushledger.hourly_attempts is
  'Attempts by the hour that recorded them.';
comment on column pushledger.hourly_attempts.app is 'The app.';
comment on column pushledger.hourly_attempts.hour is 'When they were recorded: the hour in UTC.';
comment on column pushledger.hourly_attempts.provider is 'Through which they went.';
comment on column pushledger.hourly_attempts.platform is
  'What the device was when the push was decided.';
comment on column pushledger.hourly_attempts.app_version is
  'The app''s version on it then; empty where it was not told.';
comment on column pushledger.hourly_attempts.outcome is
  'accepted, retry, rejected, token_invalid, expired or unknown.';
comment on column pushledger.hourly_attempts.reason is
  'The provider''s reason; empty where it gave none.';
comment on column pushledger.hourly_attempts.attempts is 'How many.';
