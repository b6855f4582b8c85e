-- ledger.swap_rebuild: lets what was rebuilt beside serve, in place of what served.
--
-- The schemas change names and the views over them are made anew. Who comes with a statement that
-- was prepared before has it looked up again. What served stays as `<schema>_old` until
-- ledger.drop_served.
--
-- Argument: the projection's name.
-- Errors: 22023 it is not being rebuilt; LG020 it has not followed an app's ledger to the end, or the
--   indexes are missing.
-- Locks: the heads of all ledgers, so that nothing is appended meanwhile; the checkpoints of both;
--   the views. Rights: runs with its owner's.
create or replace function ledger.swap_rebuild(in_projection text) returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  serving constant text := ledger.rebuilt_schema(in_projection);
  behind record;
  item record;
begin
  perform from ledger.heads h order by h.app for update;
  perform from ledger.checkpoints c
    where c.projection in (in_projection, in_projection || '/next') order by c.app for update;
  if exists (
    select from ledger.rebuilds r where r.projection = in_projection and r.indexed_at is null)
  then
    raise exception 'the rebuild of % has not got all indexes', in_projection
      using errcode = 'LG020',
        hint = format('Go on with it: pushledger projections rebuild %s', in_projection);
  end if;
  select h.app, h.position, coalesce(c.position, 0) as done into behind
    from ledger.heads h
    left join ledger.checkpoints c
      on c.app = h.app and c.projection = in_projection || '/next'
    where h.position > coalesce(c.position, 0) order by h.app limit 1;
  if found then
    raise exception 'the rebuild of % is at position % of app %, whose ledger ends at %',
      in_projection, behind.done, behind.app, behind.position
      using errcode = 'LG020',
        hint = format('Go on with it: pushledger projections rebuild %s', in_projection);
  end if;
  execute format('alter schema %I rename to %I', serving, serving || '_old');
  execute format('alter schema %I rename to %I', serving || '_next', serving);
  execute format('comment on schema %I is %L', serving,
    obj_description((serving || '_old')::regnamespace, 'pg_namespace'));
  for item in
    select distinct v.oid, n.nspname, v.relname
      from pg_depend d
      join pg_rewrite w on w.oid = d.objid and d.classid = 'pg_rewrite'::regclass
      join pg_class v on v.oid = w.ev_class and v.relkind = 'v'
      join pg_namespace n on n.oid = v.relnamespace
      join pg_class t on t.oid = d.refobjid and d.refclassid = 'pg_class'::regclass
      where t.relnamespace = (serving || '_old')::regnamespace
      order by v.oid
  loop
    execute format('create or replace view %I.%I as %s', item.nspname, item.relname,
      replace(pg_get_viewdef(item.oid), format('%I.', serving || '_old'), format('%I.', serving)));
  end loop;
  perform ledger.hand_over_checkpoints(in_projection);
end
$$;

comment on function ledger.swap_rebuild is
  'Lets what was rebuilt beside serve, in place of what served. LG020.';
