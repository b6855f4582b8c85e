-- ledger.drop_served: removes the tables that served before a swap.
--
-- Argument: the projection's name. Result: false where there are none.
-- Locks: the tables: it waits for whoever still reads them. Rights: runs with its owner's.
create or replace function ledger.drop_served(in_projection text) returns boolean
language plpgsql security definer
set search_path = pg_catalog
set client_min_messages = warning
as $$
declare
  served constant text := (
    select p.schema_name || '_old' from ledger.projections p where p.projection = in_projection);
begin
  if to_regnamespace(served) is null then
    return false;
  end if;
  execute format('drop schema %I cascade', served);
  return true;
end
$$;

comment on function ledger.drop_served is 'Removes the tables that served before a swap.';
