-- dispatch.apps_due: the apps and providers that have anything due, sendable or not.
--
-- Result: up to in_limit pairs. It steps from one to the next in the index: what it costs grows
--   with the pairs, not with the rows.
create or replace function dispatch.apps_due(in_limit int)
returns table (app text, provider text)
language plpgsql stable
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
    with recursive pairs (app, provider) as (
      (select d.app, d.provider from dispatch.due d order by d.app, d.provider limit 1)
      union all
      select n.app, n.provider from pairs p cross join lateral (
        select d.app, d.provider from dispatch.due d
          where (d.app, d.provider) > (p.app, p.provider)
          order by d.app, d.provider limit 1) n
    )
    select p.app, p.provider from pairs p limit in_limit;
end
$$;

comment on function dispatch.apps_due is 'The apps and providers that have anything due.';
