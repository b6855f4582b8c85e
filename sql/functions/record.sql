-- dispatch.record: stores what became of attempts: events, due rows, all or nothing.
--
-- Arguments: the lanes with the epochs under which was sent. Then the events, in order, as arrays
--   of the same length: the place of the lane in the first array (from 1), the event's id, the id
--   it gets where the lane was lost (null: the same), type, stream, time, data. Then the due rows
--   that change: the place of the lane, provider, position, delivery, number of the attempt, and
--   when it is due again; null: it has ended.
-- Result: the places of lanes that another dispatcher holds by now. What was sent in them is stored
--   all the same, marked `fenced`, unless this very attempt was stored before the lane was lost;
--   their due rows belong to the other, but for those that have ended: nothing is left to send.
--   To call it again with the same arguments changes nothing, and an end whose number an earlier
--   attempt has, such as an expiry that was found while that one was being recorded, ends nothing.
-- Errors: those of ledger.append_batch.
-- Locks: the lanes' rows, shared, against who would take them; the due rows; the app's ledger, and
--   that last, so that no append waits for a projector that is at the same due rows.
create or replace function dispatch.record(
  in_app text, in_dispatcher text, in_lanes smallint[], in_epochs bigint[],
  event_lanes int[], event_ids uuid[], fenced_ids uuid[], types text[], streams text[],
  occurred_ats timestamptz[], datas jsonb[],
  row_lanes int[], row_providers text[], row_positions bigint[], row_deliveries uuid[],
  row_attempts int[], row_due_ats timestamptz[])
returns int[]
language plpgsql
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  held boolean[];
  lost int[];
begin
  with mine as (
    select l.lane, l.epoch from dispatch.lanes l
      where l.app = in_app and l.lane = any (in_lanes) and l.dispatcher = in_dispatcher
      for key share
  )
  select array_agg(m.lane is not null order by a.number),
      coalesce(array_agg(a.number::int) filter (where m.lane is null), '{}')
    into held, lost
    from unnest(in_lanes, in_epochs) with ordinality as a (lane, epoch, number)
    left join mine m on m.lane = a.lane and m.epoch = a.epoch;

  for i in 1 .. cardinality(row_lanes) loop
    if row_due_ats[i] is null then
      delete from dispatch.due d
        where d.app = in_app and d.provider = row_providers[i]
          and d.lane = in_lanes[row_lanes[i]] and d.position = row_positions[i]
          and d.delivery_id = row_deliveries[i]
          and (d.attempts < row_attempts[i] or not held[row_lanes[i]]);
    elsif held[row_lanes[i]] then
      update dispatch.due d set attempts = row_attempts[i], due_at = row_due_ats[i]
        where d.app = in_app and d.provider = row_providers[i]
          and d.lane = in_lanes[row_lanes[i]] and d.position = row_positions[i]
          and d.delivery_id = row_deliveries[i] and d.attempts < row_attempts[i];
    end if;
  end loop;

  if cardinality(lost) > 0 then
    select coalesce(array_agg(case when held[e.lane] or e.fenced_id is null
            then e.event_id else e.fenced_id end order by e.number), '{}'),
        array_agg(e.type order by e.number), array_agg(e.stream order by e.number),
        array_agg(e.occurred_at order by e.number),
        array_agg(case when held[e.lane] or e.fenced_id is null
            then e.data else e.data || '{"fenced": true}' end order by e.number)
      into event_ids, types, streams, occurred_ats, datas
      from unnest(event_lanes, event_ids, fenced_ids, types, streams, occurred_ats, datas)
        with ordinality
        as e (lane, event_id, fenced_id, type, stream, occurred_at, data, number)
      where held[e.lane] or not exists (
        select from ledger.events s
          where s.app = in_app and s.event_id = e.event_id
            and s.data ->> 'dispatcher' = in_dispatcher
            and s.data ->> 'reason' is distinct from 'dispatcher_lost');
  end if;
  if cardinality(event_ids) > 0 then
    perform ledger.append(in_app, event_ids, types,
      array_fill(1::smallint, array[cardinality(event_ids)]), streams, occurred_ats, datas,
      array_fill(null::json, array[cardinality(event_ids)]));
  end if;
  return lost;
end
$$;

comment on function dispatch.record is
  'Appends push.attempted events and ends or puts off their due rows, in one transaction.';
