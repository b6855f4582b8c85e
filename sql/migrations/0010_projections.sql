-- Projections as a service: what projections there are, which of them stand still and why, and which
-- are being rebuilt beside.
--
-- A projection's tables live in a schema of its own. A rebuild makes the same tables once more in
-- `<schema>_next`, folds the ledger into them from position 1 under the checkpoint `<name>/next`,
-- and swaps: the schemas change names, in one transaction, under the readers' feet.

create table ledger.projections (
  projection text collate "C" not null,
  schema_name text collate "C" not null,
  late_indexes text[] not null default '{}',
  created_at timestamptz not null,
  constraint projections_pk primary key (projection),
  constraint projections_projection_form check (projection ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint projections_schema_name unique (schema_name)
);
comment on table ledger.projections is 'What is derived from the events, each by a fold of its own.';
comment on column ledger.projections.projection is 'Its name.';
comment on column ledger.projections.schema_name is 'Where the tables are that serve.';
comment on column ledger.projections.late_indexes is
  'Indexes and keys that folding can begin without: a rebuild makes them late.';
comment on column ledger.projections.created_at is 'Since when it is there.';
insert into ledger.projections
  values ('notifications', 'notifications_v1', 
    '{deliveries_pkey,deliveries_position,deliveries_user,deliveries_failed,deliveries_suppressed,
      devices_device,messages_sender,messages_uneven,attempts_provider,standings_pkey,
      standings_position}', now());

create table ledger.rebuilds (
  projection text collate "C" not null,
  started_at timestamptz not null,
  indexed_at timestamptz,
  constraint rebuilds_pk primary key (projection),
  constraint rebuilds_projection foreign key (projection)
    references ledger.projections (projection)
);
comment on table ledger.rebuilds is 'Projections that are being rebuilt beside.';
comment on column ledger.rebuilds.projection is 'Which.';
comment on column ledger.rebuilds.started_at is 'When its tables were made.';
comment on column ledger.rebuilds.indexed_at is
  'When the indexes that folding needs not were made; null before.';

alter table ledger.checkpoints
  add column generation bigint not null default 0,
  add column paused_at timestamptz,
  add column failed_at timestamptz,
  add column failed_position bigint,
  add column failure text,
  add column cleared_to bigint,
  add column mended_to bigint,
  add column mended_rows bigint;
comment on column ledger.checkpoints.generation is
  'Counts up when other tables take over: what a projector holds in memory is theirs no more.';
comment on column ledger.checkpoints.paused_at is
  'Since when somebody wants it to stand still; null: it goes on.';
comment on column ledger.checkpoints.failed_at is
  'Since when it stands still at an event that cannot be folded; null: it does not.';
comment on column ledger.checkpoints.failed_position is 'Which event that is.';
comment on column ledger.checkpoints.failure is 'Why it cannot be folded; holds no content.';
comment on column ledger.checkpoints.cleared_to is
  'Of that, what should not be due has been taken away in places up to here.';
comment on column ledger.checkpoints.mended_to is
  'Since another took over, what is due has been set right for messages up to here; null: for all.';
comment on column ledger.checkpoints.mended_rows is
  'Of that, how many rows were added so far.';
