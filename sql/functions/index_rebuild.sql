-- ledger.index_rebuild: makes the keys and indexes that a rebuild still lacks, and gathers the
-- statistics that queries are planned by.
--
-- Argument: the projection's name. Errors: 22023 it is not being rebuilt.
-- Locks: the rebuild's row, and its tables against writing. Rights: runs with its owner's.
create or replace function ledger.index_rebuild(in_projection text) returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  serving constant text := ledger.rebuilt_schema(in_projection);
  item record;
begin
  perform ledger.complete_rebuild(in_projection, null);
  for item in
    select c.relname from pg_class c
      where c.relnamespace = (serving || '_next')::regnamespace and c.relkind = 'r'
  loop
    execute format('analyze %I.%I', serving || '_next', item.relname);
  end loop;
  update ledger.rebuilds r set indexed_at = now() where r.projection = in_projection;
end
$$;

comment on function ledger.index_rebuild is
  'Makes the indexes that a rebuild''s folding did without.';
