-- ledger.runner_body: what a projection's runner does; see ledger.make_runner.
--
-- It stands in a function of its own so that a runner can be held against it. Everything in it runs
-- with the rights of the projection's role: first the SQL that was given, or the fold of a batch, then
-- what that put off until the commit, where it would run with the rights of whoever commits.
create or replace function ledger.runner_body() returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
select '
begin
  perform pg_catalog.set_config(''search_path'', pg_catalog.format(''%I, pg_temp'', in_schema), true);
  if in_sql is not null then
    execute in_sql;
  else
    execute pg_catalog.format(''select %I.fold($1)'', in_schema) using in_events;
  end if;
  set constraints all immediate;
end
'
$$;

comment on function ledger.runner_body is 'What the runner of a projection does.';
