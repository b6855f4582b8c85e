-- ledger.remove_projection: removes a projection that was added, with its tables and checkpoints.
--
-- Argument: its name. Result: false where there is none. Its role goes too, unless a projection of that
-- name in another database of the server has it, or the caller may not remove roles.
-- Errors: LG024 it is built in.
-- Locks: the projection's row and checkpoints: it waits for the batches under way.
create or replace function ledger.remove_projection(in_projection text) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
as $$
declare
  role constant text := 'pushledger_projection_' || in_projection;
  known ledger.projections;
  suffix text;
begin
  select * into known from ledger.projections p where p.projection = in_projection for update;
  if known is null then
    return false;
  end if;
  if known.fold_sql is null then
    raise exception 'the projection % is built in', in_projection
      using errcode = 'LG024',
        hint = format('It can be made anew: pushledger projections rebuild %s', in_projection);
  end if;
  delete from ledger.checkpoints c where c.projection in (in_projection, in_projection || '/next');
  delete from ledger.rebuilds r where r.projection = in_projection;
  delete from ledger.projections p where p.projection = in_projection;
  foreach suffix in array array['', '_next', '_old'] loop
    execute format('drop schema if exists %I cascade', known.schema_name || suffix);
  end loop;
  execute format('drop function if exists projections.%I(text, text, pushledger.event[])',
    in_projection);
  execute format('revoke usage on schema pushledger from %I', role);
  begin
    execute format('drop role %I', role);
  exception
    when dependent_objects_still_exist or insufficient_privilege then
      null; -- Whoever uses it elsewhere still needs it.
  end;
  return true;
end
$$;

comment on function ledger.remove_projection is
  'Removes a projection that was added, with its tables and checkpoints. LG024.';
