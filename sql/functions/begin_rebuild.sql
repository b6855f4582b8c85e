-- ledger.begin_rebuild: makes a projection's tables once more beside those that serve.
--
-- Those of a projection that was added are made by its SQL. Those of a built-in one are copies without
-- rows and without the keys and indexes that folding can begin without: ledger.complete_rebuild makes
-- those. Of an app whose messages were detached they begin with its snapshot.
--
-- Argument: the projection's name. Result: false where a rebuild is under way: it goes on.
-- Errors: 22023 there is no such projection; LG030 it was added, and an app's messages are detached:
--   made anew it would lack what it made of them.
-- Locks: the projection's row, and the snapshots' checkpoints. Rights: runs with its owner's, for it
--   makes a schema.
create or replace function ledger.begin_rebuild(in_projection text) returns boolean
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  projection ledger.projections;
  serving text;
  beside text;
  item record;
begin
  select * into projection from ledger.projections p where p.projection = in_projection for update;
  if projection is null then
    raise exception 'there is no projection %', in_projection using errcode = '22023';
  end if;
  if exists (select from ledger.rebuilds r where r.projection = in_projection) then
    return false;
  end if;
  serving := projection.schema_name;
  beside := serving || '_next';
  if projection.fold_sql is not null then
    perform ledger.require_whole(in_projection);
    perform ledger.lay_tables(in_projection, beside, projection.fold_sql);
    insert into ledger.rebuilds (projection, started_at, indexed_at, types, fold_sql)
      values (in_projection, now(), now(), projection.types, projection.fold_sql);
    return true;
  end if;
  perform ledger.copy_tables(serving, beside,
    format('Projection %s, being rebuilt beside %s.', in_projection, serving),
    projection.late_indexes);
  if to_regnamespace(quote_ident(serving || '_snapshot')) is not null then
    perform from ledger.checkpoints c
      where c.projection = in_projection || '/snapshot' order by c.app for update;
    for item in
      select c.relname from pg_class c
        where c.relnamespace = beside::regnamespace and c.relkind = 'r' order by c.relname
    loop
      execute format('insert into %I.%I select * from %I.%I', beside, item.relname,
        serving || '_snapshot', item.relname);
    end loop;
    insert into ledger.checkpoints (app, projection, position, updated_at)
      select c.app, in_projection || '/next', c.position, now()
        from ledger.checkpoints c where c.projection = in_projection || '/snapshot';
  end if;
  insert into ledger.rebuilds (projection, started_at) values (in_projection, now());
  return true;
end
$$;

comment on function ledger.begin_rebuild is
  'Makes a projection''s tables once more beside those that serve. LG030.';
