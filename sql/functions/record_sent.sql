-- dispatch.record_sent: stores what became of what streams were handed: events, due rows, all or
--   nothing.
--
-- Arguments: the rows of dispatch.sent, as arrays of the same length: user, device, position,
--   delivery, attempt, and whether it was acknowledged; what was is no longer due, what was not is
--   due again as the next attempt. Then the events, in order: the place of their row in the first
--   arrays (from 1), id, type, stream, time, data.
-- Result: how many rows there still were. What another call recorded before is left as it is, and
--   its events are not stored: to call it again changes nothing.
-- Errors: those of ledger.append_batch.
-- Locks: the rows of dispatch.sent and dispatch.due, in the order given: give them ordered. Then the
--   app's ledger, and that last.
-- Rights: its owner's.
create or replace function dispatch.record_sent(
  in_app text, row_users text[], row_devices text[], row_positions bigint[],
  row_deliveries uuid[], row_attempts int[], row_accepted boolean[],
  event_rows int[], event_ids uuid[], types text[], streams text[], occurred_ats timestamptz[],
  datas jsonb[])
returns int
language plpgsql security definer
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  kept boolean[] := array_fill(false, array[cardinality(row_users)]);
  count int := 0;
begin
  for i in 1 .. cardinality(row_users) loop
    delete from dispatch.sent s
      where s.app = in_app and s.user_id = row_users[i] and s.device_id = row_devices[i]
        and s.position = row_positions[i] and s.delivery_id = row_deliveries[i]
        and s.attempt = row_attempts[i];
    continue when not found;
    kept[i] := true;
    count := count + 1;
    if row_accepted[i] then
      delete from dispatch.due d
        where d.app = in_app and d.provider = 'callback' and d.user_id = row_users[i]
          and d.device_id = row_devices[i] and d.position = row_positions[i]
          and d.delivery_id = row_deliveries[i];
    else
      update dispatch.due d set attempts = row_attempts[i]
        where d.app = in_app and d.provider = 'callback' and d.user_id = row_users[i]
          and d.device_id = row_devices[i] and d.position = row_positions[i]
          and d.delivery_id = row_deliveries[i] and d.attempts < row_attempts[i];
    end if;
  end loop;
  if count < cardinality(row_users) then
    select coalesce(array_agg(e.event_id order by e.number), '{}'),
        array_agg(e.type order by e.number), array_agg(e.stream order by e.number),
        array_agg(e.occurred_at order by e.number), array_agg(e.data order by e.number)
      into event_ids, types, streams, occurred_ats, datas
      from unnest(event_rows, event_ids, types, streams, occurred_ats, datas) with ordinality
        as e (of_row, event_id, type, stream, occurred_at, data, number)
      where kept[e.of_row];
  end if;
  if cardinality(event_ids) > 0 then
    perform ledger.append(in_app, event_ids, types,
      array_fill(1::smallint, array[cardinality(event_ids)]), streams, occurred_ats, datas,
      array_fill(null::json, array[cardinality(event_ids)]));
  end if;
  return count;
end
$$;

comment on function dispatch.record_sent is
  'Records what became of what streams were handed, in one transaction with what is due.';
