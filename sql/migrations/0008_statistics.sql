-- The hourly roll-up of the projection `notifications`: what became of an app's deliveries, counted
-- while they are folded, so that nobody has to scan them.
--
-- A delivery is counted in the hour in which its message was committed, under the status that it
-- has now: whoever moves it on takes it out of one row and puts it into another, in the transaction
-- that moves it. So each sum is that of a scan, at any moment. Attempts are counted in the hour in
-- which they were recorded, and stay there. Where a text is unknown it is '', for it is in the key.

create table notifications_v1.hourly_messages (
  app text collate "C" not null,
  hour timestamptz not null,
  messages bigint not null,
  recipients bigint not null,
  constraint hourly_messages_pkey primary key (app, hour)
) with (fillfactor = 50);
comment on table notifications_v1.hourly_messages is 'Messages that were kept, by hour.';
comment on column notifications_v1.hourly_messages.app is 'The app.';
comment on column notifications_v1.hourly_messages.hour is 'When they were committed: the hour in UTC.';
comment on column notifications_v1.hourly_messages.messages is 'How many.';
comment on column notifications_v1.hourly_messages.recipients is 'For how many users it was decided.';

create table notifications_v1.hourly_deliveries (
  app text collate "C" not null,
  hour timestamptz not null,
  provider text collate "C" not null,
  platform text collate "C" not null,
  app_version text collate "C" not null,
  status text collate "C" not null,
  reason text collate "C" not null,
  deliveries bigint not null,
  attempted bigint not null,
  delivered bigint not null,
  opened bigint not null,
  not_shown bigint not null,
  constraint hourly_deliveries_pkey primary key (
    app, hour, provider, platform, app_version, status, reason)
) with (fillfactor = 50);
comment on table notifications_v1.hourly_deliveries is
  'Decisions and what became of them, by the hour of the decision.';
comment on column notifications_v1.hourly_deliveries.app is 'The app.';
comment on column notifications_v1.hourly_deliveries.hour is
  'When the message was committed: the hour in UTC.';
comment on column notifications_v1.hourly_deliveries.provider is
  'The channel; empty where suppressed.';
comment on column notifications_v1.hourly_deliveries.platform is
  'What the device was then; empty where it concerns the recipient.';
comment on column notifications_v1.hourly_deliveries.app_version is
  'The app''s version on it then; empty where it was not told.';
comment on column notifications_v1.hourly_deliveries.status is
  'suppressed, due, cancelled, expired, rejected, token_invalid or accepted.';
comment on column notifications_v1.hourly_deliveries.reason is
  'Why it was suppressed, cancelled or refused; empty otherwise.';
comment on column notifications_v1.hourly_deliveries.deliveries is 'How many.';
comment on column notifications_v1.hourly_deliveries.attempted is 'Of these, those attempted.';
comment on column notifications_v1.hourly_deliveries.delivered is
  'Of these, those seen to arrive.';
comment on column notifications_v1.hourly_deliveries.opened is 'Of these, those opened.';
comment on column notifications_v1.hourly_deliveries.not_shown is
  'Of these, those that the provider found not shown.';

create table notifications_v1.hourly_attempts (
  app text collate "C" not null,
  hour timestamptz not null,
  provider text collate "C" not null,
  platform text collate "C" not null,
  app_version text collate "C" not null,
  outcome text collate "C" not null,
  reason text collate "C" not null,
  attempts bigint not null,
  constraint hourly_attempts_pkey primary key (
    app, hour, provider, platform, app_version, outcome, reason)
) with (fillfactor = 50);
comment on table notifications_v1.hourly_attempts is 'Attempts by the hour that recorded them.';
comment on column notifications_v1.hourly_attempts.app is 'The app.';
comment on column notifications_v1.hourly_attempts.hour is 'When it was recorded: the hour in UTC.';
comment on column notifications_v1.hourly_attempts.provider is 'Through which it went.';
comment on column notifications_v1.hourly_attempts.platform is
  'What the device was when the push was decided.';
comment on column notifications_v1.hourly_attempts.app_version is
  'The app''s version on it then; empty where it was not told.';
comment on column notifications_v1.hourly_attempts.outcome is
  'accepted, retry, rejected, token_invalid, expired or unknown.';
comment on column notifications_v1.hourly_attempts.reason is
  'The provider''s reason; empty where it gave none.';
comment on column notifications_v1.hourly_attempts.attempts is 'How many.';

create table notifications_v1.hourly_latencies (
  app text collate "C" not null,
  hour timestamptz not null,
  provider text collate "C" not null,
  platform text collate "C" not null,
  app_version text collate "C" not null,
  stage text collate "C" not null,
  bucket smallint not null,
  count bigint not null,
  constraint hourly_latencies_pkey primary key (
    app, hour, provider, platform, app_version, stage, bucket)
) with (fillfactor = 50);
comment on table notifications_v1.hourly_latencies is
  'How long it took, by hour, as histograms: pushledger.latency_bounds says what a bucket is.';
comment on column notifications_v1.hourly_latencies.app is 'The app.';
comment on column notifications_v1.hourly_latencies.hour is
  'The decision''s hour; of requests the hour that recorded them.';
comment on column notifications_v1.hourly_latencies.provider is 'The channel.';
comment on column notifications_v1.hourly_latencies.platform is
  'What the device was when the push was decided.';
comment on column notifications_v1.hourly_latencies.app_version is
  'The app''s version on it then; empty where it was not told.';
comment on column notifications_v1.hourly_latencies.stage is
  'accepted, delivered and opened: since the message was committed; request: one attempt''s request.';
comment on column notifications_v1.hourly_latencies.bucket is
  'How many of the bounds it reached: 0 is below the first.';
comment on column notifications_v1.hourly_latencies.count is 'How many took so long.';
