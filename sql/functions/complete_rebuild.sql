-- ledger.complete_rebuild: makes keys and indexes that a rebuild began without.
--
-- Sorted once they cost a quarter of what they cost row by row, for their values come in no order.
--
-- Arguments: the projection's name; the names of those to make, null: all that are missing.
-- Errors: 22023 it is not being rebuilt.
-- Locks: the rebuild's row, and the tables that get them. Rights: runs with its owner's.
create or replace function ledger.complete_rebuild(in_projection text, in_names text[])
returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  serving constant text := ledger.rebuilt_schema(in_projection);
  beside constant text := serving || '_next';
  others text[] := '{}';
  item record;
begin
  if in_names is not null then
    select array(
        select i.name from unnest(p.late_indexes) as i (name) where i.name <> all (in_names))
      into others
      from ledger.projections p where p.projection = in_projection;
  end if;
  for item in
    select c.conname, t.relname, pg_get_constraintdef(c.oid) as definition
      from pg_constraint c
      join pg_class t on t.oid = c.conrelid
      where t.relnamespace = serving::regnamespace and c.contype in ('p', 'u')
        and c.conname <> all (others)
        and not exists (
          select from pg_constraint o
          where o.connamespace = beside::regnamespace and o.conname = c.conname)
      order by t.relname, c.conname
  loop
    execute format('alter table %I.%I add constraint %I %s', beside, item.relname, item.conname,
      item.definition);
  end loop;
  perform ledger.copy_indexes(serving, beside, others);
end
$$;

comment on function ledger.complete_rebuild is
  'Makes keys and indexes that a rebuild began without.';
