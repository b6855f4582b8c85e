-- Archives: how far an app's ledger stands in files that verify by themselves, and what was taken
-- out of the database because it stands there.
--
-- What is taken out are messages and what became of them: their texts, attempts and receipts, most
-- of a ledger. What says how things are stays for good: who registered, logged in, joined, read and
-- muted. So every question about what came later is answered as before, and a rebuild begins at a
-- snapshot: the projection as it was at the archive's end.

create table ledger.archives (
  app text collate "C" not null,
  position bigint not null,
  commit_number bigint not null,
  chain bytea not null,
  folder text not null,
  archived_at timestamptz not null,
  swept_position bigint not null default 0,
  constraint archives_pk primary key (app),
  constraint archives_app foreign key (app) references ledger.apps (app),
  constraint archives_position_range check (position >= 1),
  constraint archives_commit_number_range check (commit_number >= 1),
  constraint archives_chain_length check (octet_length(chain) = 32),
  constraint archives_folder_bytes check (octet_length(folder) between 1 and 4096),
  constraint archives_swept_position_range check (swept_position between 0 and position)
);
comment on table ledger.archives is
  'Up to where each app''s ledger stands in an archive that its messages were detached to.';
comment on column ledger.archives.app is 'The app.';
comment on column ledger.archives.position is
  'Messages up to it, and what became of them, are in the archive and not here, but for those that '
  'went on later. A commit ends there.';
comment on column ledger.archives.commit_number is 'That commit.';
comment on column ledger.archives.chain is 'Hash chain at that commit, as the archive has it.';
comment on column ledger.archives.folder is 'Where the archive was written to, as it was named.';
comment on column ledger.archives.archived_at is 'When detaching up to there began.';
comment on column ledger.archives.swept_position is
  'How far detaching has come; below position only where it was broken off or goes on.';

create table ledger.detached_ids (
  app text collate "C" not null,
  event_id uuid not null,
  position bigint not null,
  constraint detached_ids_pk primary key (app, event_id),
  constraint detached_ids_app foreign key (app) references ledger.apps (app)
);
comment on table ledger.detached_ids is
  'Ids of detached events, so that one that comes again is still stored once.';
comment on column ledger.detached_ids.app is 'The app.';
comment on column ledger.detached_ids.event_id is 'The event''s id, the caller''s.';
comment on column ledger.detached_ids.position is 'Its place in the ledger.';

create function ledger.keep_unarchived() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  if not exists (select from ledger.archives)
    or exists (
      select from rows_before o
        left join ledger.archives a on a.app = o.app and a.position >= o.position
        where a.app is null or not ledger.is_detachable(o.type))
  then
    raise exception '% on %.% is refused: what the ledger holds is never changed',
      lower(tg_op), tg_table_schema, tg_table_name
      using errcode = 'LG010', hint = 'Append an event that says what is true now.';
  end if;
  return null;
end
$$;
comment on function ledger.keep_unarchived() is
  'Trigger of ledger.events: refuses to delete what ledger.detach may not take out. LG010.';

drop trigger events_never_change on ledger.events;
create trigger events_never_change before truncate on ledger.events
  for each statement execute function ledger.refuse_change();
create trigger events_are_archived after delete on ledger.events
  referencing old table as rows_before
  for each statement execute function ledger.keep_unarchived();
