-- ledger.append_batch: numbers events and stores them: all of them or none.
--
-- Arguments, result, errors and locks: those of ledger.append_unchecked, which does it. Further
--   errors: LG006 an event says of content that it was erased, and it is still there, or there is
--   no such event before it.
-- Rights: runs with its owner's, so that the roles need none to write tables: whoever may call it
--   can add events, numbered and chained as they must be, and can do nothing else to them.
create or replace function ledger.append_batch(
  in_app text, event_ids uuid[], types text[], schemas smallint[], streams text[],
  occurred_ats timestamptz[], datas jsonb[], contents json[],
  expected_stream text, expected_position bigint,
  out positions bigint[], out head_before bigint)
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
  select a.positions, a.head_before into positions, head_before
    from ledger.append_unchecked(in_app, event_ids, types, schemas, streams, occurred_ats, datas,
      contents, expected_stream, expected_position) as a;
  if 'content.erased' = any (types) then
    perform ledger.check_erasures(in_app, head_before);
  end if;
end
$$;

comment on function ledger.append_batch is
  'Numbers events and stores them, all or none; says where the head was. See ledger.append.';
