-- pushledger.archives: of which apps messages were detached, and where they are.
create or replace view pushledger.archives as
  select a.app, a.position, a.commit_number, a.chain, c.recorded_at, a.folder, a.archived_at,
    a.swept_position < a.position as is_detaching
  from ledger.archives a
  join ledger.commits c on c.app = a.app and c.commit_number = a.commit_number;

comment on view pushledger.archives is
  'Of which apps messages were detached, and where they are.';
comment on column pushledger.archives.app is 'The app.';
comment on column pushledger.archives.position is
  'Messages up to it, and what became of them, are in the archive and not here, but for those that '
  'went on later.';
comment on column pushledger.archives.commit_number is 'The commit that ends there.';
comment on column pushledger.archives.chain is 'Hash chain there.';
comment on column pushledger.archives.recorded_at is 'When that commit was recorded.';
comment on column pushledger.archives.folder is 'Where the archive was written to, as it was named.';
comment on column pushledger.archives.archived_at is 'When detaching up to there began.';
comment on column pushledger.archives.is_detaching is
  'Whether detaching goes on, or was broken off: pushledger archive --detach goes on with it.';
