-- ledger.begin_rebuild: makes a projection's tables once more, empty, beside those that serve.
--
-- Those of a projection that was added are made by its SQL. Of a built-in one columns, constraints,
-- settings, comments and rights are those of the serving tables as they are; the keys and indexes too,
-- but for those that folding can begin without: ledger.complete_rebuild makes those.
--
-- Argument: the projection's name. Result: false where a rebuild is under way: it goes on.
-- Errors: 22023 there is no such projection.
-- Locks: the projection's row. Rights: runs with its owner's, for it makes a schema.
create or replace function ledger.begin_rebuild(in_projection text) returns boolean
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  projection ledger.projections;
  serving text;
  beside text;
  item record;
  kept record;
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
    perform ledger.lay_tables(in_projection, beside, projection.fold_sql);
    insert into ledger.rebuilds (projection, started_at, indexed_at, types, fold_sql)
      values (in_projection, now(), now(), projection.types, projection.fold_sql);
    return true;
  end if;
  execute format('create schema %I', beside);
  execute format('comment on schema %I is %L', beside,
    format('Projection %s, being rebuilt beside %s.', in_projection, serving));
  for item in
    select c.oid, c.relname, c.reloptions, obj_description(c.oid, 'pg_class') as comment
      from pg_class c
      where c.relnamespace = serving::regnamespace and c.relkind = 'r' order by c.relname
  loop
    execute format('create table %I.%I (like %I.%I including comments including defaults '
      'including generated including statistics including storage)',
      beside, item.relname, serving, item.relname);
    if item.reloptions is not null then
      execute format('alter table %I.%I set (%s)', beside, item.relname,
        array_to_string(item.reloptions, ', '));
    end if;
    execute format('comment on table %I.%I is %L', beside, item.relname, item.comment);
    for kept in
      select a.attname, a.attstattarget from pg_attribute a
        where a.attrelid = item.oid and a.attnum > 0 and not a.attisdropped
          and a.attstattarget >= 0
    loop
      execute format('alter table %I.%I alter column %I set statistics %s', beside, item.relname,
        kept.attname, kept.attstattarget);
    end loop;
  end loop;
  for item in
    select c.conname, t.relname, pg_get_constraintdef(c.oid) as definition
      from pg_constraint c
      join pg_class t on t.oid = c.conrelid
      where t.relnamespace = serving::regnamespace and c.contype in ('p', 'u', 'c')
        and c.conname <> all (projection.late_indexes)
      order by t.relname, c.conname
  loop
    execute format('alter table %I.%I add constraint %I %s', beside, item.relname, item.conname,
      item.definition);
  end loop;
  perform ledger.copy_indexes(serving, beside, projection.late_indexes);
  perform ledger.copy_rights(serving, beside);
  insert into ledger.rebuilds (projection, started_at) values (in_projection, now());
  return true;
end
$$;

comment on function ledger.begin_rebuild is
  'Makes a projection''s tables once more, empty, beside those that serve.';
