-- ledger.add_projection: adds a projection, or begins to replace the one of this name.
--
-- Other words and another size of its batches take effect at once. With other SQL, or other types, the
-- tables are made beside those that serve, as by a rebuild: folded and swapped they serve in turn.
--
-- Arguments: its name, description, types (null: all), the size of its batches, its SQL.
-- Result: added, changed, unchanged; or beside: a rebuild with the new text was begun.
-- Errors: LG024 the name is that of a built-in projection; 23514 an argument is out of range; LG021,
--   LG022, and whatever the SQL raises.
-- Locks: the projection's row, which keeps its folds waiting.
create or replace function ledger.add_projection(in_projection text, in_description text,
  in_types text[], in_batch_events int, in_sql text) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  schema_name constant text := 'projection_' || in_projection;
  known ledger.projections;
begin
  insert into ledger.projections (
      projection, schema_name, created_at, description, types, batch_events, fold_sql)
    values (
      in_projection, schema_name, now(), in_description, in_types, in_batch_events, in_sql)
    on conflict (projection) do nothing;
  if found then
    perform ledger.lay_tables(in_projection, schema_name, in_sql);
    return 'added';
  end if;
  select * into known from ledger.projections p where p.projection = in_projection for update;
  if known.fold_sql is null then
    raise exception 'the projection % is built in', in_projection
      using errcode = 'LG024', hint = 'Give yours another name.';
  end if;
  update ledger.projections p
    set description = in_description, batch_events = in_batch_events
    where p.projection = in_projection;
  if exists (
    select from ledger.rebuilds r where r.projection = in_projection and r.fold_sql = in_sql
      and r.types is not distinct from in_types)
  then
    return 'beside';
  end if;
  if known.fold_sql = in_sql and known.types is not distinct from in_types then
    return case when known.description = in_description and known.batch_events = in_batch_events
      then 'unchanged' else 'changed' end;
  end if;
  perform ledger.require_whole(in_projection);
  if exists (select from ledger.rebuilds r where r.projection = in_projection) then
    perform ledger.drop_rebuild(in_projection);
  end if;
  perform ledger.drop_served(in_projection);
  perform ledger.lay_tables(in_projection, schema_name || '_next', in_sql);
  insert into ledger.rebuilds (projection, started_at, indexed_at, types, fold_sql)
    values (in_projection, now(), now(), in_types, in_sql);
  return 'beside';
end
$$;

comment on function ledger.add_projection is
  'Adds a projection, or begins to replace the one of this name. LG021, LG022, LG024, LG030.';
