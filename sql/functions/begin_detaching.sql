-- ledger.begin_detaching: says that an app's ledger stands in an archive up to the end of a commit, so
-- that ledger.detach may take its messages out.
--
-- Arguments: the app; the commit's number, last position and chain, as the archive has them; where the
--   archive is.
-- Errors: LG031 the ledger has no such commit, or an archive that goes further; LG030 the app's
--   snapshot is not at that position, or somebody has come to need what would be taken out.
-- Locks: the app's head, which it updates: every append after it looks ids up among the detached,
--   too, and one that began before, in a transaction that sees an older moment, fails with 40001.
-- Rights: nobody's but the owner's, who has read the archive.
create or replace function ledger.begin_detaching(
  in_app text, in_commit bigint, in_position bigint, in_chain bytea, in_folder text)
returns void
language plpgsql
set search_path = pg_catalog
as $$
begin
  update ledger.heads h set position = h.position where h.app = in_app;
  if not exists (
      select from ledger.commits c
        where c.app = in_app and c.commit_number = in_commit and c.last_position = in_position
          and c.chain = in_chain)
    or exists (select from ledger.archives a where a.app = in_app and a.position > in_position)
  then
    raise exception 'the archive of app % at position % is not this ledger''s, or an older one',
      in_app, in_position
      using errcode = 'LG031', hint = 'Archive to the folder of the archive before.';
  end if;
  if (select p.position from ledger.plan_archive(in_app, in_position) p) < in_position
    and not exists (
      select from ledger.archives a where a.app = in_app and a.position = in_position)
  then
    raise exception 'messages of app % up to position % are needed by now', in_app, in_position
      using errcode = 'LG030', hint = 'Try again: pushledger archive --detach says what needs them.';
  end if;
  if not exists (
    select from ledger.checkpoints c
      where c.app = in_app and c.projection = 'notifications/snapshot'
        and c.position = in_position)
  then
    raise exception 'the snapshot of app % is not at position %', in_app, in_position
      using errcode = 'LG030', hint = 'Go on with: pushledger archive --detach';
  end if;
  insert into ledger.archives as a (
      app, position, commit_number, chain, folder, archived_at)
    values (in_app, in_position, in_commit, in_chain, in_folder, now())
    on conflict (app) do update
      set position = excluded.position, commit_number = excluded.commit_number,
        chain = excluded.chain, folder = excluded.folder, archived_at = excluded.archived_at,
        swept_position = case when a.position = excluded.position then a.swept_position else 0 end;
end
$$;

comment on function ledger.begin_detaching is
  'Says that an app''s ledger stands in an archive, so that its messages may be detached. LG030, LG031.';
