-- A row for each way of each registration that counted, and how it ended. Nothing that is left out
-- of the projection by decision ends or makes one.
create or replace view pushledger.tokens as
  select r.app, r.data ->> 'user' as user_id, r.data ->> 'device' as device_id,
    (w.place - 1)::int as place, w.way ->> 'provider' as provider,
    w.way ->> 'token_sha256' as token_sha256, r.data ->> 'platform' as platform,
    r.data ->> 'app_version' as app_version, r."position" as since_position,
    r.recorded_at as since_at, e."position" as until_position, e.recorded_at as until_at,
    e.ended_by, e.reason as ended_reason
  from ledger.events r
  cross join lateral jsonb_array_elements(
    jsonb_build_array(r.data) || coalesce(nullif(r.data -> 'fallbacks', 'null'), '[]'))
    with ordinality as w (way, place)
  left join lateral pushledger.token_end(
    r.app, r."position", w.way ->> 'provider', w.way ->> 'token_sha256') e on true
  where r.type = 'device.registered'
    and (not coalesce((r.data ->> 'while_logged_in')::boolean, false)
      or r."position" <> all (
        pushledger.void_registrations(r.app, r.stream, r."position")))
    -- What pushledger.skipped_events names, in a form that is joined.
    and not exists (
      select from ledger.events s
      where s.app = r.app and s.stream = 'projection/notifications'
        and s.type = 'projection.event_skipped' and (s.data ->> 'position')::bigint = r."position");

comment on view pushledger.tokens is
  'Every registration of a push token, since when, until when, and why it ended. A device with '
  'several ways has a row for each.';
comment on column pushledger.tokens.app is 'The app.';
comment on column pushledger.tokens.user_id is 'Whose device it was registered for.';
comment on column pushledger.tokens.device_id is 'The device.';
comment on column pushledger.tokens.place is '0 for the device''s first way, 1 to 3 for others.';
comment on column pushledger.tokens.provider is 'The channel.';
comment on column pushledger.tokens.token_sha256 is
  'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column pushledger.tokens.platform is 'What the device said it was.';
comment on column pushledger.tokens.app_version is 'The app''s version then.';
comment on column pushledger.tokens.since_position is 'Place of its device.registered.';
comment on column pushledger.tokens.since_at is 'When that was committed.';
comment on column pushledger.tokens.until_position is
  'Place of the event that ended it; null: pushes go by it still.';
comment on column pushledger.tokens.until_at is 'When that was committed.';
comment on column pushledger.tokens.ended_by is
  'renewed: the same token again; replaced: by others; taken: a token of the device was registered '
  'by another one; kicked: by a login elsewhere; token_invalidated, logged_out, unregistered, '
  'user_deleted.';
comment on column pushledger.tokens.ended_reason is
  'What the provider said of a token_invalidated; null otherwise.';
