-- pushledger.commits: when events were stored together, and the hash chain over them.
create or replace view pushledger.commits as
  select c.app, c.commit_number, c.first_position, c.last_position, c.recorded_at, c.chain
  from ledger.commits c;

comment on view pushledger.commits is
  'When events were stored together, and the hash chain over them. The chain is checked by '
  'pushledger verify.';
comment on column pushledger.commits.app is 'The app.';
comment on column pushledger.commits.commit_number is 'Place among the app''s commits, from 1.';
comment on column pushledger.commits.first_position is 'Position of its first event.';
comment on column pushledger.commits.last_position is 'Position of its last event.';
comment on column pushledger.commits.recorded_at is 'Its time, which all its events carry.';
comment on column pushledger.commits.chain is
  'SHA-256 of the chain before it, its events'' digests in order, and recorded_at.';
