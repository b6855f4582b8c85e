-- ledger.append: appends events to an app's ledger, all of them or none, as part of the caller's
-- transaction: so an application can store its own rows and its events together.
--
-- Arguments, errors, locks and rights: those of ledger.append_batch. It takes events as they are:
--   whoever calls it has checked them and filled in what decisions need, as the API's door does.
--   SQL callers take pushledger.append, which does that.
-- Result: a position for each event, in the order given; one already stored answers its first.
create or replace function ledger.append(
  in_app text, event_ids uuid[], types text[], schemas smallint[], streams text[],
  occurred_ats timestamptz[], datas jsonb[], contents json[],
  expected_stream text default null, expected_position bigint default null)
returns bigint[]
language plpgsql
set search_path = pg_catalog
as $$
declare
  result bigint[];
begin
  select b.positions into result
    from ledger.append_batch(in_app, event_ids, types, schemas, streams, occurred_ats, datas,
      contents, expected_stream, expected_position) as b;
  return result;
end
$$;

comment on function ledger.append is
  'Appends events to an app''s ledger, all or none. Answers their positions in the order given.';
