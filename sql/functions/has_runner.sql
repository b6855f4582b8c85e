-- ledger.has_runner: whether the function that runs a projection's SQL is there as ledger.make_runner
-- makes it.
--
-- It is not after an upgrade that makes it otherwise, nor in a database that was restored without the
-- roles: there it would run with the rights of who restored it.
create or replace function ledger.has_runner(in_projection text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pg_proc p
    join pg_roles r on r.oid = p.proowner
    where p.oid = to_regprocedure(
        format('projections.%I(text, text, pushledger.event[])', in_projection))
      and r.rolname = 'pushledger_projection_' || in_projection
      and p.prosecdef and p.prosrc = ledger.runner_body()
      and p.proconfig = array['search_path=pg_catalog, pg_temp']
      and not exists (
        select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        where a.grantee not in (
          p.proowner, (select u.oid from pg_roles u where u.rolname = current_user))))
$$;

comment on function ledger.has_runner is
  'Whether the function that runs a projection''s SQL is there as it should be.';
