-- ledger.check_projection: makes sure that a projection's SQL left nothing by which it could do more
-- than change its own tables: then, at the commit, or whenever somebody reads them.
--
--   its role owns          tables, indexes, sequences, views, types, and functions without `security
--                          definer`, in the projection's schemas; nothing temporary or unlogged,
--                          nothing elsewhere
--   its tables have        no deferrable constraint or trigger, no rule, no row security
--   its functions are not  in a view, an index, a check or a partition key: others would run them
--   its session has        no cursor `with hold`, which runs at the commit; no prepared statement
--   its runner             is as it was made
--
-- Argument: the projection's name. Errors: LG021 names what is refused.
-- Rights: runs with its owner's. Cost: a look at what the role owns, below a millisecond.
create or replace function ledger.check_projection(in_projection text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  role constant oid := (
    select r.oid from pg_roles r where r.rolname = 'pushledger_projection_' || in_projection);
  database constant oid := (select d.oid from pg_database d where d.datname = current_database());
  schemas constant oid[] := array(
    select n.oid from pg_namespace n
    where n.nspname = any (array[
      'projection_' || in_projection, 'projection_' || in_projection || '_next',
      'projection_' || in_projection || '_old']));
  runner constant oid := to_regprocedure(
    format('projections.%I(text, text, pushledger.event[])', in_projection));
  refused text;
begin
  if not ledger.has_runner(in_projection) then
    refused := 'a change to the function that runs it';
  end if;
  if refused is null then
    select pg_describe_object(o.classid, o.objid, 0) into refused
      from pg_shdepend o
      where o.refclassid = 'pg_authid'::regclass and o.refobjid = role and o.deptype = 'o'
        and o.dbid = database and o.objid is distinct from runner
        and case o.classid
          when 'pg_class'::regclass then not exists (
            select from pg_class c
            where c.oid = o.objid and c.relnamespace = any (schemas)
              and c.relkind in ('r', 'p', 'i', 'I', 'S', 'v', 'c') and c.relpersistence = 'p'
              and not c.relrowsecurity
              and (c.relkind = 'v' or not exists (
                select from pg_rewrite w where w.ev_class = c.oid)))
          when 'pg_proc'::regclass then not exists (
            select from pg_proc p
            where p.oid = o.objid and p.pronamespace = any (schemas) and not p.prosecdef)
          when 'pg_type'::regclass then not exists (
            select from pg_type t
            where t.oid = o.objid and t.typnamespace = any (schemas) and t.typtype in ('c', 'e'))
          else true
        end
      limit 1;
  end if;
  if refused is null then
    select format('deferrable %s', pg_describe_object('pg_trigger'::regclass, t.oid, 0))
      into refused
      from pg_class c join pg_trigger t on t.tgrelid = c.oid
      where c.relnamespace = any (schemas) and t.tgdeferrable limit 1;
  end if;
  if refused is null then
    select format('%s, which uses %s', pg_describe_object(d.classid, d.objid, 0), p.oid::regprocedure)
      into refused
      from pg_proc p
      join pg_depend d on d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
      where p.pronamespace = any (schemas)
        and d.classid = any (array[
          'pg_rewrite'::regclass, 'pg_class'::regclass, 'pg_constraint'::regclass]) limit 1;
  end if;
  if refused is null then
    select 'cursor ' || c.name || ' with hold' into refused
      from pg_cursors c where c.is_holdable limit 1;
  end if;
  if refused is null then
    select 'prepared statement ' || s.name into refused
      from pg_prepared_statements s where s.from_sql limit 1;
  end if;
  if refused is not null then
    raise exception 'the projection % may not have: %', in_projection, refused
      using errcode = 'LG021',
      hint = 'What a projection''s SQL may make is in docs/own-projections.md, "Rights".';
  end if;
end
$$;

comment on function ledger.check_projection is
  'Makes sure that a projection can do no more than change its own tables. LG021.';
