-- dispatch.hand_out: lets a dispatcher send deliveries of lanes that it holds.
--
-- Arguments: a number, higher than in all the dispatcher's calls before: one that was given up and
--   comes late changes nothing that a later one wrote; the lanes with their epochs; then, for every lane and provider of which something is
--   to be sent, all that is not recorded yet, as arrays of the same length: the place of the lane
--   in the first array (from 1), provider, position, delivery, number of the attempt; fresh says
--   which of them are to be sent now, the others were handed out before.
-- Result: what is to be sent of each fresh one, as it stands now, with the token of the device's way
--   by that provider; provider is another where the device has no such way any more. One that is missing is no longer
--   due, or its lane is lost; then none of that lane comes.
-- Locks: the lanes' rows, shared with who records for them, against who would take them.
create or replace function dispatch.hand_out(
  in_app text, in_dispatcher text, in_number bigint, in_lanes smallint[], in_epochs bigint[],
  row_lanes int[], row_providers text[], row_positions bigint[], row_deliveries uuid[],
  row_attempts int[], row_fresh boolean[])
returns table (
  number int, attempts int, expires_at timestamptz, badge bigint, sound text, message_id text,
  notification json, provider text, token text, token_sha256 text, token_valid boolean,
  topic text, environment text, credential_id text, locale text, message_position bigint)
language plpgsql
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  held smallint[];
begin
  with mine as (
    select l.lane, l.epoch from dispatch.lanes l
      where l.app = in_app and l.lane = any (in_lanes) and l.dispatcher = in_dispatcher
      for key share
  )
  select array_agg(m.lane) into held
    from mine m join unnest(in_lanes, in_epochs) as a (lane, epoch)
      on a.lane = m.lane and a.epoch = m.epoch;
  if held is null then
    return;
  end if;

  insert into dispatch.handed_out as h
      (app, lane, provider, epoch, number, positions, deliveries, attempts)
    select in_app, in_lanes[r.lane], r.provider, in_epochs[r.lane], in_number,
        array_agg(r.position), array_agg(r.delivery_id), array_agg(r.attempt)
      from unnest(row_lanes, row_providers, row_positions, row_deliveries, row_attempts, row_fresh)
        as r (lane, provider, position, delivery_id, attempt, fresh)
      where in_lanes[r.lane] = any (held)
      group by r.lane, r.provider having bool_or(r.fresh)
    on conflict (app, lane, provider) do update
      set epoch = excluded.epoch, number = excluded.number, positions = excluded.positions,
        deliveries = excluded.deliveries, attempts = excluded.attempts
      where (excluded.epoch, excluded.number) > (h.epoch, h.number);

  return query
    select r.number::int, d.attempts, d.expires_at, y.badge, y.sound, m.message_id,
        m.notification, v.provider, v.token, v.token_sha256, v.token_valid, v.topic,
        v.environment, v.credential_id, v.locale, y.position
      from unnest(row_lanes, row_providers, row_positions, row_deliveries, row_attempts, row_fresh)
        with ordinality as r (lane, provider, position, delivery_id, attempt, fresh, number)
      cross join lateral (
        select d.* from dispatch.due d
          where d.app = in_app and d.provider = r.provider and d.lane = in_lanes[r.lane]
            and d.position = r.position and d.delivery_id = r.delivery_id limit 1) d
      cross join lateral (
        select y.badge, y.sound, y.position from notifications_v1.deliveries y
          where y.app = in_app and y.delivery_id = r.delivery_id limit 1) y
      cross join lateral (
        select m.message_id, m.notification from notifications_v1.messages m
          where m.app = in_app and m.position = y.position limit 1) m
      left join lateral (
        select w.provider, w.token, w.token_sha256, w.token_valid, w.topic, w.environment,
            w.credential_id, v.locale
          from notifications_v1.devices v
          cross join lateral (
            select v.provider, v.token, v.token_sha256, v.token_valid, v.topic, v.environment,
                v.credential_id, v.provider is distinct from d.provider as is_other
            union all
            select f.provider, f.token, f.token_sha256, f.token_valid, f.topic, f.environment,
                f.credential_id, false
              from notifications_v1.fallbacks f
              where v.provider <> d.provider and f.app = in_app and f.user_id = d.user_id
                and f.device_id = d.device_id and f.provider = d.provider) w
          where v.app = in_app and v.user_id = d.user_id and v.device_id = d.device_id
          order by w.is_other limit 1) v
        on true
      where r.fresh and in_lanes[r.lane] = any (held)
      order by r.number;
end
$$;

comment on function dispatch.hand_out is
  'Lists what is about to be sent, then gives it out as it stands now.';
