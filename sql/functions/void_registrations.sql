-- pushledger.void_registrations: which registrations counted for nothing, of a device and of those
-- that it shares tokens with: those `while_logged_in` of a client that was not.
--
--   select pushledger.void_registrations('demo', 'device/ann/phone', 1200);
--
-- Whether one counted depends on who took the device's tokens before, by registrations that may
-- count no less conditionally: so all these devices are folded together, in one pass over their
-- events. They are those that ever registered, in this way, a token of one of them:
--
--     device ─ its tokens ─ who else registered them while_logged_in ─ their tokens ─ …
--
-- Arguments: the app; the device's stream; the position up to which.
-- Result: their positions, in order.
create or replace function pushledger.void_registrations(
  in_app text, in_stream text, in_position bigint)
returns bigint[]
language plpgsql stable
set search_path = pg_catalog
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  skipped constant bigint[] := pushledger.skipped_events(in_app);
  found text[] := array[in_stream]; -- The streams of devices whose tokens are not looked at yet.
  streams text[] := array[in_stream];
  asked text[] := '{}'; -- The hashes of their tokens.
  hashes text[];
  -- What is known of each device, in the order of streams.
  known boolean[];
  logged_out boolean[];
  platforms text[];
  ways jsonb[]; -- The tokens that it has, each as a text.
  event record;
  counts boolean;
  void bigint[] := '{}';
begin
  while cardinality(found) > 0 loop -- Ends: each time finds devices that were not found before.
    hashes := array(
      select distinct w.way ->> 'token_sha256'
        from pushledger.events e
        cross join lateral jsonb_array_elements(jsonb_build_array(e.data)
          || coalesce(nullif(e.data -> 'fallbacks', 'null'), '[]')) as w (way)
        where e.app = in_app and e.stream = any (found) and e.position <= in_position
          and e.type = 'device.registered' and w.way ->> 'provider' <> 'callback'
      except select unnest(asked));
    exit when cardinality(hashes) = 0;
    asked := asked || hashes;
    found := array(
      select distinct e.stream from pushledger.events e
        where e.app = in_app and e.position <= in_position and e.type = 'device.registered'
          and jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ?| hashes
          and e.data -> 'while_logged_in' = 'true'
      except select unnest(streams));
    streams := streams || found;
  end loop;
  known := array_fill(false, array[cardinality(streams)]);
  logged_out := known;
  platforms := array_fill(null::text, array[cardinality(streams)]);
  ways := array_fill('[]'::jsonb, array[cardinality(streams)]);
  for event in
    with devices as materialized (
      select d.stream, d.number, split_part(d.stream, '/', 2) as owner
        from unnest(streams) with ordinality as d (stream, number)
    ), registrations as materialized (
      select e.position, e.stream, e.data, w.ways
        from pushledger.events e
        cross join lateral (
          select coalesce(jsonb_agg(
              (w.way ->> 'provider') || ' ' || (w.way ->> 'token_sha256')), '[]') as ways
            from jsonb_array_elements(jsonb_build_array(e.data)
              || coalesce(nullif(e.data -> 'fallbacks', 'null'), '[]')) as w (way)
            where w.way ->> 'provider' <> 'callback') w
        where e.app = in_app and e.position <= in_position and e.type = 'device.registered'
          and jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ?| asked
    ), held as materialized (
      select distinct d.number, d.stream, w.way
        from devices d
        join registrations r on r.stream = d.stream
        cross join lateral jsonb_array_elements_text(r.ways) as w (way)
    ), changes as (
      select e.position, d.number, e.type, e.data, '[]'::jsonb as ways
        from devices d
        join pushledger.events e on e.app = in_app and e.stream = d.stream
        where e.position <= in_position
          and e.type in ('device.logged_in', 'device.logged_out', 'device.unregistered')
      union all
      -- Those without a token of one device take none and lose none, but they count as known.
      select e.position, d.number, e.type, e.data, coalesce(r.ways, '[]')
        from devices d
        join pushledger.events e on e.app = in_app and e.stream = d.stream
        left join registrations r on r.position = e.position
        where e.position <= in_position and e.type = 'device.registered'
      union all
      select e.position, d.number, 'kick', e.data, '[]'
        from devices d
        join pushledger.events e on e.app = in_app
          and e.data ->> 'user' = replace(replace(d.owner, '%2F', '/'), '%25', '%')
        where e.position <= in_position and e.type = 'device.logged_in' and e.stream <> d.stream
      union all
      select e.position, d.number, e.type, e.data, '[]'
        from devices d
        join pushledger.events e on e.app = in_app and e.stream = 'user/' || d.owner
        where e.position <= in_position and e.type = 'user.deleted'
      union all
      select r.position, t.number, 'taken', r.data, r.ways
        from registrations r
        cross join lateral (
          select distinct h.number from held h
            where r.ways ? h.way and h.stream <> r.stream) t
    )
    -- What a registration takes depends on whether it counted.
    select c.* from changes c where c.position <> all (skipped)
      order by c.position, c.type = 'taken'
  loop
    if event.type in ('user.deleted', 'device.unregistered') then
      known[event.number] := false;
    elsif event.type = 'device.logged_in' then
      if not known[event.number] or logged_out[event.number] then
        ways[event.number] := '[]';
      end if;
      platforms[event.number] := event.data ->> 'platform';
      known[event.number] := true;
      logged_out[event.number] := false;
    elsif event.type = 'device.registered' then
      counts := event.data -> 'while_logged_in' is distinct from 'true'
        or (known[event.number] and not logged_out[event.number]);
      if not counts then
        void := void || event.position;
        continue;
      end if;
      ways[event.number] := event.ways;
      platforms[event.number] := event.data ->> 'platform';
      known[event.number] := true;
      logged_out[event.number] := false;
    elsif event.type = 'device.logged_out' then
      logged_out[event.number] := true;
    elsif event.type = 'kick' then
      if event.data -> 'kicks' ? platforms[event.number] then
        logged_out[event.number] := true;
      end if;
    elsif event.type = 'taken' then
      if void[cardinality(void)] is distinct from event.position
        and ways[event.number] ?| array(select jsonb_array_elements_text(event.ways))
      then
        logged_out[event.number] := true;
      end if;
    end if;
  end loop;
  return void;
end
$$;

comment on function pushledger.void_registrations is
  'Positions of the registrations while_logged_in that counted for nothing, since the client was '
  'not: of a device, and of those that it shares tokens with.';
