-- ledger.swap_projection: lets what was built beside serve, of a projection that was added.
--
-- The schemas change names. Nothing is due by such a projection, so no ledger has to be held: it only
-- must have come as far as the one that serves. That one stays as `<schema>_old` until
-- ledger.drop_served.
--
-- Argument: the projection's name.
-- Errors: 22023 it is not being rebuilt; LG020 what is built beside is behind in an app.
-- Locks: the rebuild's row, and the checkpoints of both: no batch is under way.
-- Rights: runs with its owner's.
create or replace function ledger.swap_projection(in_projection text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  serving constant text := ledger.rebuilt_schema(in_projection);
  behind record;
begin
  perform from ledger.projections p where p.projection = in_projection for update;
  perform from ledger.checkpoints c
    where c.projection in (in_projection, in_projection || '/next') order by c.app for update;
  select c.app, c.position, coalesce(n.position, 0) as done into behind
    from ledger.checkpoints c
    left join ledger.checkpoints n on n.app = c.app and n.projection = in_projection || '/next'
    where c.projection = in_projection and c.position > coalesce(n.position, 0)
    order by c.app limit 1;
  if found then
    raise exception 'the rebuild of % is at position % of app %, and what serves at %',
      in_projection, behind.done, behind.app, behind.position
      using errcode = 'LG020',
      hint = format('Go on with it: pushledger projections rebuild %s', in_projection);
  end if;
  execute format('alter schema %I rename to %I', serving, serving || '_old');
  execute format('alter schema %I rename to %I', serving || '_next', serving);
  update ledger.projections p
    set types = r.types, fold_sql = r.fold_sql
    from ledger.rebuilds r
    where r.projection = in_projection and p.projection = in_projection;
  perform ledger.hand_over_checkpoints(in_projection);
end
$$;

comment on function ledger.swap_projection is
  'Lets what was built beside serve, of a projection that was added. LG020.';
