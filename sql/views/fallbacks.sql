create or replace view pushledger.fallbacks as
  select app, user_id, device_id, place, provider, token_sha256, topic, credential_id,
    environment, token_valid
  from notifications_v1.fallbacks;

comment on view pushledger.fallbacks is
  'Other ways to a device, tried in their order when those before were refused for good.';
comment on column pushledger.fallbacks.app is 'The app.';
comment on column pushledger.fallbacks.user_id is 'Whose device it is.';
comment on column pushledger.fallbacks.device_id is 'The device.';
comment on column pushledger.fallbacks.place is 'Which is tried first: 1, 2, 3.';
comment on column pushledger.fallbacks.provider is 'The channel.';
comment on column pushledger.fallbacks.token_sha256 is
  'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column pushledger.fallbacks.topic is 'The app''s topic, such as a bundle id.';
comment on column pushledger.fallbacks.credential_id is
  'The credential that the token belongs to; null: any that fits.';
comment on column pushledger.fallbacks.environment is 'production or sandbox.';
comment on column pushledger.fallbacks.token_valid is
  'False once the provider refused the token for good.';
