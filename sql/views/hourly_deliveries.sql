create or replace view pushledger.hourly_deliveries as
  select app, hour, provider, platform, app_version, status, reason, deliveries, attempted,
    delivered, opened, not_shown
  from notifications_v1.hourly_deliveries
  where deliveries <> 0;

comment on view pushledger.hourly_deliveries is
  'Decisions and what became of them, by the hour of the decision: a delivery is counted '
  'once, under the status that it has now.';
comment on column pushledger.hourly_deliveries.app is 'The app.';
comment on column pushledger.hourly_deliveries.hour is
  'When the message was committed: the hour in UTC.';
comment on column pushledger.hourly_deliveries.provider is 'The channel; empty where suppressed.';
comment on column pushledger.hourly_deliveries.platform is
  'What the device was then; empty where it concerns the recipient.';
comment on column pushledger.hourly_deliveries.app_version is
  'The app''s version on it then; empty where it was not told.';
comment on column pushledger.hourly_deliveries.status is
  'suppressed, due, cancelled, expired, rejected, token_invalid or accepted.';
comment on column pushledger.hourly_deliveries.reason is
  'Why it was suppressed, cancelled or refused; empty otherwise.';
comment on column pushledger.hourly_deliveries.deliveries is 'How many.';
comment on column pushledger.hourly_deliveries.attempted is 'Of these, those attempted.';
comment on column pushledger.hourly_deliveries.delivered is 'Of these, those seen to arrive.';
comment on column pushledger.hourly_deliveries.opened is 'Of these, those opened.';
comment on column pushledger.hourly_deliveries.not_shown is
  'Of these, those that the provider found not shown.';
