-- ledger.rebuilt_schema: the serving schema of a projection that is being rebuilt.
--
-- Errors: 22023 there is no such projection, or it is not being rebuilt.
-- Locks: the rebuild's row.
create or replace function ledger.rebuilt_schema(in_projection text) returns text
language plpgsql
set search_path = pg_catalog
as $$
declare
  serving text;
begin
  select p.schema_name into serving
    from ledger.projections p
    join ledger.rebuilds r on r.projection = p.projection
    where p.projection = in_projection
    for update of r;
  if serving is null then
    raise exception 'the projection % is not being rebuilt', in_projection using errcode = '22023';
  end if;
  return serving;
end
$$;

comment on function ledger.rebuilt_schema is
  'The serving schema of a projection that is being rebuilt.';
