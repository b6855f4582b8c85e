create or replace view pushledger.projection_status as
  select h.app, p.projection, p.serves,
    coalesce(c.position, 0) as "position", h.position as head,
    greatest(0, h.position - coalesce(c.position, 0)) as lag_events,
    coalesce(extract(epoch from clock_timestamp() - e.recorded_at), 0)::float8 as lag_seconds,
    c.updated_at, c.paused_at, c.failed_at, c.failed_position, c.failure, c.mended_to
  from ledger.heads h
  cross join (
    select projection, true as serves, projection as checkpoint from ledger.projections
    union all
    select projection, false, projection || '/next' from ledger.rebuilds) p
  left join ledger.checkpoints c on c.app = h.app and c.projection = p.checkpoint
  left join ledger.events e on e.app = h.app and e.position = coalesce(c.position, 0) + 1;

comment on view pushledger.projection_status is
  'How far each projection has followed each app''s ledger, and why it stands still.';
comment on column pushledger.projection_status.app is 'The app.';
comment on column pushledger.projection_status.projection is
  'The projection''s name.';
comment on column pushledger.projection_status.serves is
  'Whether it is what readers see; false while it is being built beside.';
comment on column pushledger.projection_status.position is
  'Its checkpoint: what is in the ledger up to here shows in it.';
comment on column pushledger.projection_status.head is 'The ledger''s last position.';
comment on column pushledger.projection_status.lag_events is 'Head minus checkpoint.';
comment on column pushledger.projection_status.lag_seconds is
  'For how long the oldest event that it lacks has been in the ledger; 0 where it lacks none.';
comment on column pushledger.projection_status.updated_at is
  'When the checkpoint moved; null before the first time.';
comment on column pushledger.projection_status.paused_at is
  'Since when somebody wants it to stand still; null: it goes on.';
comment on column pushledger.projection_status.failed_at is
  'Since when it stands still at an event that cannot be folded; null: it does not.';
comment on column pushledger.projection_status.failed_position is 'Which event that is.';
comment on column pushledger.projection_status.failure is 'Why it cannot be folded.';
comment on column pushledger.projection_status.mended_to is
  'Since another took over, what is due has been set right for messages up to here, and nothing is folded before all is; null: all is.';
