create or replace view pushledger.devices as
  select app, user_id, device_id, platform, provider, token_sha256, topic, environment,
    app_version, locale, push, c2c_sound, group_sound, video_sound,
    case
      when logged_out then 'logged_out'
      when offline then 'offline'
      when not token_valid and not exists (
        select from notifications_v1.fallbacks f
        where f.app = d.app and f.user_id = d.user_id and f.device_id = d.device_id
          and f.token_valid) then 'token_invalid'
      else activity
    end as state,
    badge, registered_at, credential_id, kicked_at, active_at,
    case when logged_out or offline then 'offline' else activity end as reach
  from notifications_v1.devices d;

comment on view pushledger.devices is
  'The devices as they are now. The token itself is left out: it is for the dispatcher alone.';
comment on column pushledger.devices.app is 'The app.';
comment on column pushledger.devices.user_id is 'Whose device it is.';
comment on column pushledger.devices.device_id is 'The device, unique for its user.';
comment on column pushledger.devices.platform is
  'ios, ipad, android, harmony, web, windows, mac, linux or other.';
comment on column pushledger.devices.provider is
  'The channel of its first way; null until a token is registered.';
comment on column pushledger.devices.token_sha256 is
  'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column pushledger.devices.topic is 'The app''s topic, such as a bundle id.';
comment on column pushledger.devices.environment is 'production or sandbox.';
comment on column pushledger.devices.app_version is 'The client''s version.';
comment on column pushledger.devices.locale is 'The client''s language.';
comment on column pushledger.devices.push is 'False: this device wants no push; null: never said.';
comment on column pushledger.devices.c2c_sound is 'Sound for one-to-one messages.';
comment on column pushledger.devices.group_sound is 'Sound for group messages.';
comment on column pushledger.devices.video_sound is 'Sound for calls.';
comment on column pushledger.devices.state is
  'logged_out, offline, token_invalid, foreground, background, killed, or null: none reported.';
comment on column pushledger.devices.badge is 'The number on the app''s icon.';
comment on column pushledger.devices.registered_at is
  'When the token was registered, by the caller''s clock.';
comment on column pushledger.devices.credential_id is
  'The credential that the token belongs to; null: any that fits.';
comment on column pushledger.devices.kicked_at is
  'Place of the login of another device that logged this one out.';
comment on column pushledger.devices.active_at is
  'When anything was last heard of it, by the ledger''s clock.';
comment on column pushledger.devices.reach is
  'offline, foreground, background, killed, or null: none reported yet.';
