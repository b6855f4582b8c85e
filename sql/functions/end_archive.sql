-- ledger.end_archive: says that all that was detached of an app's ledger is back: its archive and its
-- snapshot are of no more use. The projection has what a rebuild makes of the ledger.
--
-- Argument: the app. Where nothing of it is detached nothing is done.
-- Errors: LG031 events are still missing; LG030 the projection is being rebuilt: it began at the
--   snapshot, and would lack what came back.
-- Locks: the projection's row, the app's archive, its snapshot's checkpoint.
-- Rights: nobody's but the owner's.
create or replace function ledger.end_archive(in_app text) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  archive ledger.archives;
  item record;
begin
  perform from ledger.projections p where p.projection = 'notifications' for share;
  select * into archive from ledger.archives a where a.app = in_app for update;
  if not found then
    return;
  end if;
  if archive.position > (
    select count(*) from ledger.events e
      where e.app = in_app and e.position <= archive.position)
  then
    raise exception 'events of app % up to position % are not back yet', in_app, archive.position
      using errcode = 'LG031', hint = 'Go on with: pushledger restore';
  end if;
  if exists (select from ledger.rebuilds r where r.projection = 'notifications') then
    raise exception 'the projection notifications is being rebuilt from a snapshot'
      using errcode = 'LG030',
        hint = 'Wait for it, or give it up with: pushledger projections drop notifications';
  end if;
  perform from ledger.checkpoints c
    where c.app = in_app and c.projection = 'notifications/snapshot' for update;
  for item in
    select s.nspname, c.relname
      from ledger.projections p
      join pg_namespace s on s.nspname = p.schema_name || '_snapshot'
      join pg_class c on c.relnamespace = s.oid and c.relkind = 'r'
      where p.projection = 'notifications'
  loop
    execute format('delete from %I.%I t where t.app = $1', item.nspname, item.relname)
      using in_app;
  end loop;
  delete from ledger.checkpoints c
    where c.app = in_app and c.projection = 'notifications/snapshot';
  delete from ledger.archives a where a.app = in_app;
end
$$;

comment on function ledger.end_archive is
  'Says that all that was detached of an app''s ledger is back. LG030, LG031.';
