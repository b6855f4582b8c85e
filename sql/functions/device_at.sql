-- pushledger.device_at: a device as it was at a position of the ledger.
--
--   select * from pushledger.device_at('demo', 'ann', 'phone', 1200);
--
-- Folds what concerns the device, as docs/decisions.md, section 2, has it: its registrations,
-- logins, logouts and settings, logins of the user's other devices that log it out, and its tokens
-- registered elsewhere; nothing that is left out of the projection by decision. What the app was
-- doing is its last word before the position.
--
-- Arguments: the app, the user, the device, the position: any up to the head.
-- Result: no row where the ledger knew no such device there. Its badge is left out: it moves with
--   each push; see pushledger.deliveries. Who has had more than 100 devices at a time lost one for
--   each further one, which shows here until it was heard of no more.
create or replace function pushledger.device_at(
  in_app text, in_user text, in_device text, in_position bigint)
returns table (
  platform text, provider text, token_sha256 text, topic text, environment text,
  app_version text, locale text, push boolean, c2c_sound text, group_sound text,
  video_sound text, state text, registered_at timestamptz, credential_id text, kicked_at bigint,
  active_at timestamptz, reach text, fallbacks jsonb)
language plpgsql stable
set search_path = pg_catalog
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_variable
declare
  owner constant text := 'user/' || replace(replace(in_user, '%', '%25'), '/', '%2F');
  stream constant text := 'device/' || replace(replace(in_user, '%', '%25'), '/', '%2F')
    || '/' || replace(replace(in_device, '%', '%25'), '/', '%2F');
  ways jsonb := '[]'; -- Its ways in order, the first one included; each with valid.
  skipped constant bigint[] := pushledger.skipped_events(in_app);
  tokens text[]; -- The hashes of all that it ever registered, each of one device.
  void bigint[]; -- Registrations elsewhere that took nothing; null until one is in question.
  event record;
  since bigint; -- Where it became known; null while it is not.
  reached bigint; -- Its last registration or login.
  given_up bigint; -- Where it was last given up as out of reach.
  logged_out boolean := false;
  activity text;
begin
  tokens := array(
    select distinct w.way ->> 'token_sha256' from pushledger.events e
      cross join lateral jsonb_array_elements(jsonb_build_array(e.data)
        || coalesce(nullif(e.data -> 'fallbacks', 'null'), '[]')) as w (way)
      where e.app = in_app and e.stream = stream and e.position <= in_position
        and e.type = 'device.registered' and w.way ->> 'provider' <> 'callback');
  for event in
    select e.position, e.type, e.occurred_at, e.recorded_at, e.data, e.stream = stream as is_own
      from pushledger.events e
      where e.app = in_app and e.stream = stream and e.position <= in_position
        and e.type in ('device.registered', 'device.logged_in', 'device.logged_out',
          'device.unregistered', 'device.token_invalidated', 'device.settings_changed',
          'device.offline')
    union all
    select e.position, e.type, e.occurred_at, e.recorded_at, e.data, false
      from pushledger.events e
      where e.app = in_app and e.data ->> 'user' = in_user and e.type = 'device.logged_in'
        and e.position <= in_position and e.stream <> stream
    union all
    select e.position, e.type, e.occurred_at, e.recorded_at, e.data, false
      from pushledger.events e
      where e.app = in_app and e.stream = owner and e.position <= in_position
        and e.type = 'user.deleted'
    union all
    select e.position, 'taken', e.occurred_at, e.recorded_at, e.data, false
      from pushledger.events e
      where cardinality(tokens) > 0 and e.app = in_app and e.position <= in_position
        and e.type = 'device.registered' and e.stream <> stream
        and jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ?| tokens
    order by 1
  loop
    continue when event.position = any (skipped);
    if event.type = 'user.deleted' or (event.is_own and event.type = 'device.unregistered') then
      since := null;
    elsif event.type = 'device.logged_in' and event.is_own then
      if since is null or logged_out then
        ways := '[]';
      end if;
      if since is null then
        since := event.position;
        environment := 'production';
        registered_at := event.occurred_at;
        topic := null; credential_id := null; app_version := null; locale := null;
        push := null; c2c_sound := null; group_sound := null; video_sound := null;
      end if;
      platform := event.data ->> 'platform';
      logged_out := false; kicked_at := null; reached := event.position;
      active_at := event.recorded_at; activity := 'foreground'; given_up := null;
    elsif event.type = 'device.registered' then
      continue when (event.data ->> 'while_logged_in')::boolean and (since is null or logged_out);
      if since is null then
        since := event.position;
        push := null; c2c_sound := null; group_sound := null; video_sound := null;
        activity := null;
      end if;
      ways := (
        select jsonb_agg(jsonb_build_object('provider', w.way -> 'provider',
            'token_sha256', w.way -> 'token_sha256', 'valid', true) order by w.place)
        from jsonb_array_elements(jsonb_build_array(event.data)
          || coalesce(nullif(event.data -> 'fallbacks', 'null'), '[]'))
          with ordinality as w (way, place));
      platform := event.data ->> 'platform';
      topic := event.data ->> 'topic';
      credential_id := event.data ->> 'credential';
      environment := coalesce(event.data ->> 'environment', 'production');
      app_version := event.data ->> 'app_version';
      locale := event.data ->> 'locale';
      registered_at := event.occurred_at;
      logged_out := false; kicked_at := null; reached := event.position;
      active_at := event.recorded_at; given_up := null;
    end if;
    continue when since is null;
    if event.type in ('device.registered', 'device.settings_changed') then
      push := coalesce((event.data #>> '{settings,push}')::boolean, push);
      c2c_sound := coalesce(event.data #>> '{settings,c2c_sound}', c2c_sound);
      group_sound := coalesce(event.data #>> '{settings,group_sound}', group_sound);
      video_sound := coalesce(event.data #>> '{settings,video_sound}', video_sound);
    elsif event.type = 'device.logged_out' then
      logged_out := true;
    elsif event.type = 'device.offline' then
      given_up := event.position;
    elsif event.type = 'device.logged_in' and not event.is_own then
      if event.data -> 'kicks' ? platform and not logged_out then
        logged_out := true;
        kicked_at := event.position;
      end if;
    elsif event.type = 'device.token_invalidated' then
      if (event.data ->> 'invalid_since')::timestamptz < registered_at then
        continue;
      end if;
      ways := coalesce((
        select jsonb_agg(case when w.way ->> 'token_sha256' = event.data ->> 'token_sha256'
            then w.way || '{"valid": false}' else w.way end order by w.place)
        from jsonb_array_elements(ways) with ordinality as w (way, place)), '[]');
    elsif event.type = 'taken' and not logged_out then
      logged_out := exists (
          select from jsonb_array_elements(ways) as held (way)
          join jsonb_array_elements(jsonb_build_array(event.data)
            || coalesce(nullif(event.data -> 'fallbacks', 'null'), '[]')) as taken (way)
            on taken.way -> 'provider' = held.way -> 'provider'
            and taken.way -> 'token_sha256' = held.way -> 'token_sha256'
          where held.way ->> 'provider' <> 'callback');
      if logged_out and (event.data ->> 'while_logged_in')::boolean then
        void := coalesce(void, pushledger.void_registrations(in_app, stream, in_position));
        logged_out := event.position <> all (void);
      end if;
    end if;
  end loop;
  if since is null then
    return;
  end if;

  select e.position, e.type, e.recorded_at into event
    from pushledger.events e
    where e.app = in_app and e.stream = stream and e.position <= in_position
      and e.type in ('device.foregrounded', 'device.backgrounded', 'device.killed')
      and e.position <> all (skipped)
    order by e.position desc limit 1;
  if event.position > since then
    if event.position > reached then
      active_at := event.recorded_at;
    end if;
    -- A login is a word of the app's, too; a registration is not.
    if event.position > coalesce((
        select max(e.position) from pushledger.events e
        where e.app = in_app and e.stream = stream and e.position <= in_position
          and e.type = 'device.logged_in' and e.position <> all (skipped)), 0)
    then
      activity := case event.type when 'device.foregrounded' then 'foreground'
        when 'device.backgrounded' then 'background' else 'killed' end;
    end if;
    if event.position > given_up then
      given_up := null;
    end if;
  end if;

  provider := ways #>> '{0,provider}';
  token_sha256 := ways #>> '{0,token_sha256}';
  fallbacks := ways - 0;
  reach := case when logged_out or given_up is not null then 'offline' else activity end;
  state := case
    when logged_out then 'logged_out'
    when given_up is not null then 'offline'
    when ways <> '[]' and not ways @> '[{"valid": true}]' then 'token_invalid'
    else activity
  end;
  return next;
end
$$;

comment on function pushledger.device_at is
  'A device as it was at a position: what it was, its tokens'' hashes, settings, and state.';
