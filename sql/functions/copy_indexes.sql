-- ledger.copy_indexes: makes in one schema the indexes of another's tables that it lacks.
--
-- Arguments: the schema that has them, the one that gets them, and the names of those to leave out.
-- Result: how many were made. Locks: those of create index.
create or replace function ledger.copy_indexes(
  in_source text, in_target text, in_without text[])
returns int
language plpgsql
set search_path = pg_catalog
as $$
declare
  item record;
  made int := 0;
begin
  for item in
    select pg_get_indexdef(i.indexrelid) as definition, x.relname
      from pg_index i
      join pg_class x on x.oid = i.indexrelid
      where x.relnamespace = in_source::regnamespace and x.relname <> all (in_without)
        and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
        and not exists (
          select from pg_class o
          where o.relnamespace = in_target::regnamespace and o.relname = x.relname)
      order by x.relname
  loop
    execute replace(item.definition, format(' ON %I.', in_source), format(' ON %I.', in_target));
    made := made + 1;
  end loop;
  return made;
end
$$;

comment on function ledger.copy_indexes is
  'Makes in one schema the indexes of another''s tables that it lacks.';
