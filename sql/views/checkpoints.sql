create or replace view pushledger.checkpoints as
  select c.app, c.projection, c.position
  from ledger.checkpoints c
  where c.projection not like '%/next';

comment on view pushledger.checkpoints is
  'Up to where the projections that serve have folded: projection_status without what it is about.';
comment on column pushledger.checkpoints.app is 'The app.';
comment on column pushledger.checkpoints.projection is 'The projection''s name.';
comment on column pushledger.checkpoints.position is
  'What is in the ledger up to here shows in it.';
