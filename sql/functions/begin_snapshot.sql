-- ledger.begin_snapshot: makes the tables of the projection `notifications` once more, for the state
-- that apps' ledgers were in at the ends of their archives, and an app's checkpoint there.
--
-- Argument: the app. Result: how far the app's snapshot is: 0 where it has none yet.
-- Errors: LG001 the app is unknown.
-- Locks: the projection's row. Rights: nobody's but the owner's, for it makes a schema.
create or replace function ledger.begin_snapshot(in_app text) returns bigint
language plpgsql
set search_path = pg_catalog
as $$
declare
  serving text;
begin
  select p.schema_name into serving
    from ledger.projections p where p.projection = 'notifications' for update;
  if to_regnamespace(quote_ident(serving || '_snapshot')) is null then
    perform ledger.copy_tables(serving, serving || '_snapshot',
      format('Projection notifications as it was where archives of apps end; see %s.', serving),
      '{}');
  end if;
  if not exists (select from ledger.apps a where a.app = in_app) then
    raise exception 'app % is unknown', in_app
      using errcode = 'LG001', hint = 'Create it with: pushledger apps create';
  end if;
  insert into ledger.checkpoints (app, projection, position, updated_at)
    values (in_app, 'notifications/snapshot', 0, now())
    on conflict (app, projection) do nothing;
  return (
    select c.position from ledger.checkpoints c
      where c.app = in_app and c.projection = 'notifications/snapshot');
end
$$;

comment on function ledger.begin_snapshot is
  'Makes the tables for snapshots of the projection notifications, and an app''s checkpoint there.';
