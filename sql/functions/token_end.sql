-- pushledger.token_end: how a registration of a token ended: by what became of the device or its
-- user, or by the first registration elsewhere, since then, of any token that it registered: that
-- logs the device out.
--
-- Arguments: the app; the place of the device.registered; of the token, the provider and the hash.
-- Result: no row while pushes go by it still. See pushledger.tokens.
create or replace function pushledger.token_end(
  in_app text, in_position bigint, in_provider text, in_sha256 text)
returns table (
  "position" bigint, recorded_at timestamptz, ended_by text, reason text)
language plpgsql stable rows 1
set search_path = pg_catalog
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  token constant jsonb :=
    jsonb_build_array(jsonb_build_object('provider', in_provider, 'token_sha256', in_sha256));
  skipped constant bigint[] := pushledger.skipped_events(in_app);
  last_position constant bigint := 9223372036854775807;
  registered record;
begin
  select e.stream, e.occurred_at, e.data ->> 'user' as user_id, e.data ->> 'platform' as platform,
      jsonb_build_array(e.data) || coalesce(nullif(e.data -> 'fallbacks', 'null'), '[]') as ways,
      array(select jsonb_array_elements_text(
        jsonb_path_query_array(e.data, 'strict $.**.token_sha256'))) as hashes
    into registered
    from pushledger.events e
    where e.app = in_app and e.position = in_position;
  return query
    with ends as (
      (
        select o.position, o.recorded_at,
            case when o.type <> 'device.registered' then substr(o.type, 8)
              when jsonb_build_array(o.data) @> token or o.data -> 'fallbacks' @> token
                then 'renewed'
              else 'replaced'
            end as ended_by, o.data ->> 'reason' as reason
          from pushledger.events o
          where o.app = in_app and o.stream = registered.stream and o.position > in_position
            and o.type in ('device.registered', 'device.logged_out', 'device.unregistered',
              'device.token_invalidated')
            and o.position <> all (skipped)
            and (o.type <> 'device.token_invalidated'
              or (o.data ->> 'token_sha256' = in_sha256
                and coalesce(
                  (o.data ->> 'invalid_since')::timestamptz >= registered.occurred_at, true)))
          order by o.position limit 1
      )
      union all
      (
        select o.position, o.recorded_at, 'user_deleted', null
          from pushledger.events o
          where o.app = in_app and o.stream = 'user/' || split_part(registered.stream, '/', 2)
            and o.position > in_position
            and o.type = 'user.deleted' and o.position <> all (skipped)
          order by o.position limit 1
      )
      union all
      (
        select o.position, o.recorded_at, 'kicked', null
          from pushledger.events o
          where o.app = in_app and o.data ->> 'user' = registered.user_id
            and o.type = 'device.logged_in' and o.position > in_position
            and o.stream <> registered.stream and o.position <> all (skipped)
            and o.data -> 'kicks' ? coalesce((
              select l.data ->> 'platform' from pushledger.events l
              where l.app = in_app and l.stream = registered.stream and l.type = 'device.logged_in'
                and l.position > in_position and l.position < o.position
                and l.position <> all (skipped)
              order by l.position desc limit 1), registered.platform)
          order by o.position limit 1
      )
      union all
      (
        select o.position, o.recorded_at, 'taken', null
          from pushledger.events o
          where o.app = in_app and o.position > in_position and o.type = 'device.registered'
            and o.stream <> registered.stream and o.position <> all (skipped)
            and jsonb_path_query_array(o.data, 'strict $.**.token_sha256') ?| registered.hashes
            and exists (
              select from jsonb_array_elements(registered.ways) as held (way)
              join jsonb_array_elements(jsonb_build_array(o.data)
                || coalesce(nullif(o.data -> 'fallbacks', 'null'), '[]')) as taken (way)
                on taken.way -> 'provider' = held.way -> 'provider'
                and taken.way -> 'token_sha256' = held.way -> 'token_sha256'
              where held.way ->> 'provider' <> 'callback')
            -- Asked once, and not where no such registration is in question.
            and (not coalesce((o.data ->> 'while_logged_in')::boolean, false)
              or o.position <> all ((select pushledger.void_registrations(
                in_app, registered.stream, last_position))::bigint[]))
      )
    )
    select e.position, e.recorded_at, e.ended_by, e.reason from ends e
      order by e.position limit 1;
end
$$;

comment on function pushledger.token_end is
  'How a registration of a token ended; no row while pushes go by it still.';
