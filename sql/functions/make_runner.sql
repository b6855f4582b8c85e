-- ledger.make_runner: makes a projection's role, and the function by which its SQL is run.
--
-- The role cannot log in, owns the projection's tables and this function, and may do nothing else. The
-- function is `security definer`: within it, and so within everything that the SQL does, PostgreSQL
-- refuses `reset role`, `set role` and `set session authorization`.
--
-- Argument: the projection's name. Roles belong to the whole server: another database's projection of
-- the same name shares it, without a right there.
-- Errors: LG022 the role is missing and may not be made, or it may more than it should.
-- Rights: runs with its owner's.
create or replace function ledger.make_runner(in_projection text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  role constant text := 'pushledger_projection_' || in_projection;
  runner constant text := format(
    'projections.%I(in_schema text, in_sql text, in_events pushledger.event[])', in_projection);
begin
  begin
    if not exists (select from pg_roles r where r.rolname = role) then
      begin
        execute format('create role %I nologin', role);
      exception
        when duplicate_object or unique_violation then
          null; -- Another database of this server made it at the same moment.
      end;
    end if;
    if not pg_has_role(current_user, role, 'usage')
      or (current_setting('server_version_num')::int >= 160000
        and not pg_has_role(current_user, role, 'set'))
    then
      execute format('grant %I to %I', role, current_user);
    end if;
  exception
    when insufficient_privilege then
      raise exception 'the role % is missing, and % may not make it', role, current_user
        using errcode = 'LG022', hint = format(
          'Let a superuser do it, once: create role %I nologin; grant %I to %I;',
          role, role, current_user);
  end;
  if exists (
      select from pg_roles r
      where r.rolname = role and (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolbypassrls
        or r.rolreplication or r.rolcanlogin))
    or exists (
      select from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = role)
  then
    raise exception 'the role % may more than own its projection''s tables', role
      using errcode = 'LG022',
      hint = 'Take its attributes and memberships away, or give the projection another name.';
  end if;
  -- Whoever it was granted to, and whoever owned it, goes.
  execute format('drop function if exists projections.%I(text, text, pushledger.event[])',
    in_projection);
  execute format('create function %s returns void language plpgsql security definer '
    'set search_path = pg_catalog, pg_temp as %L', runner, ledger.runner_body());
  execute format('comment on function %s is %L', runner,
    format('Runs the SQL of the projection %s with the rights of its role.', in_projection));
  execute format('grant create on schema projections to %I', role);
  execute format('alter function %s owner to %I', runner, role);
  execute format('revoke create on schema projections from %I', role);
  execute format('revoke all on function %s from public', runner);
  execute format('grant execute on function %s to %I', runner, current_user);
  execute format('grant usage on schema pushledger to %I', role);
end
$$;

comment on function ledger.make_runner is
  'Makes a projection''s role, and the function by which its SQL is run. LG022.';
