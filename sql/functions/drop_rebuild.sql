-- ledger.drop_rebuild: gives a rebuild up: its tables and checkpoints go, what serves goes on.
--
-- Argument: the projection's name. Errors: 22023 it is not being rebuilt.
-- Locks: the rebuild's row and tables. Rights: runs with its owner's.
create or replace function ledger.drop_rebuild(in_projection text) returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
  execute format('drop schema %I cascade', ledger.rebuilt_schema(in_projection) || '_next');
  delete from ledger.checkpoints c where c.projection = in_projection || '/next';
  delete from ledger.rebuilds r where r.projection = in_projection;
end
$$;

comment on function ledger.drop_rebuild is
  'Gives a rebuild up: its tables and checkpoints go, what serves goes on.';
