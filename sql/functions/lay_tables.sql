-- ledger.lay_tables: makes the schema of a projection that was added, and runs its SQL there.
--
-- The SQL runs with the rights of the projection's role, with its schema first in the search path, so
-- that it names its tables without a schema. The role may make things in the schema only meanwhile.
--
-- Arguments: the projection's name; the schema's, new; the SQL.
-- Errors: LG021 it made what it may not, or no fold; LG022; whatever the SQL raises.
-- Rights: runs with its owner's.
create or replace function ledger.lay_tables(in_projection text, in_schema text, in_sql text)
  returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
as $$
declare
  role constant text := 'pushledger_projection_' || in_projection;
begin
  perform ledger.make_runner(in_projection);
  execute format('create schema %I', in_schema);
  execute format('comment on schema %I is %L', in_schema,
    format('The projection %s.', in_projection));
  execute format('grant usage, create on schema %I to %I', in_schema, role);
  execute format('select projections.%I($1, $2, null)', in_projection) using in_schema, in_sql;
  set search_path = pg_catalog, pg_temp;
  execute format('revoke create on schema %I from %I', in_schema, role);
  if not exists (
    select from pg_proc p
    where p.oid = to_regprocedure(format('%I.fold(pushledger.event[])', in_schema))
      and p.prokind = 'f' and p.prorettype = 'void'::regtype)
  then
    raise exception 'the projection % has no function fold', in_projection
      using errcode = 'LG021',
      hint = 'Write one: create function fold(events pushledger.event[]) returns void ...';
  end if;
  perform ledger.check_projection(in_projection);
  execute format('grant usage on schema %I to pushledger_reader', in_schema);
  execute format('grant select on all tables in schema %I to pushledger_reader', in_schema);
end
$$;

comment on function ledger.lay_tables is
  'Makes the schema of a projection that was added, and runs its SQL there. LG021, LG022.';
