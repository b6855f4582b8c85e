create or replace view pushledger.hourly_latencies as
  select app, hour, provider, platform, app_version, stage,
    coalesce((pushledger.latency_bounds())[bucket], 0) as at_least,
    (pushledger.latency_bounds())[bucket + 1] as below, count
  from notifications_v1.hourly_latencies
  where count <> 0;

comment on view pushledger.hourly_latencies is
  'How long it took, by hour, as histograms.';
comment on column pushledger.hourly_latencies.app is 'The app.';
comment on column pushledger.hourly_latencies.hour is
  'The decision''s hour; of requests the hour that recorded them.';
comment on column pushledger.hourly_latencies.provider is 'The channel.';
comment on column pushledger.hourly_latencies.platform is
  'What the device was when the push was decided.';
comment on column pushledger.hourly_latencies.app_version is
  'The app''s version on it then; empty where it was not told.';
comment on column pushledger.hourly_latencies.stage is
  'accepted, delivered and opened: since the message was committed; request: one attempt.';
comment on column pushledger.hourly_latencies.at_least is 'In seconds: it took so long or longer.';
comment on column pushledger.hourly_latencies.below is 'In seconds: it took less; null: no limit.';
comment on column pushledger.hourly_latencies.count is 'How many.';
