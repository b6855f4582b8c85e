-- ledger.erase_content: appends a content.erased and takes the content of the events that it names.
--
-- Arguments: the app; the events' positions, up to 2,000; the event's data. Result: its position.
-- Rights: nobody's but the owner's, for it trusts its caller, which holds the app's head.
create or replace function ledger.erase_content(
  in_app text, in_positions bigint[], in_data jsonb)
returns bigint
language plpgsql
set search_path = pg_catalog
as $$
declare
  own_position bigint;
begin
  select a.head_before + 1 into own_position
    from ledger.append_unchecked(in_app, array[gen_random_uuid()], array['content.erased'],
      array[1::smallint], array['erasure/' || (in_data ->> 'erasure')], array[clock_timestamp()],
      array[in_data], array[null::json], null, null) as a;
  perform ledger.take_content(in_app, in_positions);
  perform pg_notify('pushledger_events', in_app);
  return own_position;
end
$$;

comment on function ledger.erase_content is
  'Takes the content of events, and says so by an event.';
