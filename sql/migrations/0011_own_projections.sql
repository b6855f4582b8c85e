-- Projections of your own: tables and a fold in SQL, which somebody adds from a folder; and
-- subscriptions, by which a program in any language follows the events from a place that is kept here.
--
-- The fold of such a projection runs with the rights of a role that owns its tables and nothing else.
-- What it gets of an event are the facts, never the content: that can be erased, tables made of it
-- could not.

create type pushledger.event as (
  app text,
  position bigint,
  event_id uuid,
  type text,
  schema smallint,
  stream text,
  occurred_at timestamptz,
  recorded_at timestamptz,
  data jsonb
);
comment on type pushledger.event is
  'An event as the fold of a projection gets it: its facts, without what a person wrote.';
comment on column pushledger.event.app is 'The app whose ledger it is in.';
comment on column pushledger.event.position is 'Its place there: 1, 2, 3 and so on without a gap.';
comment on column pushledger.event.event_id is 'Its id, the caller''s: stored once in an app.';
comment on column pushledger.event.type is 'What happened, such as message.sent.';
comment on column pushledger.event.schema is 'Version of the form of data, from 1.';
comment on column pushledger.event.stream is 'Whose history it belongs to, such as message/42.';
comment on column pushledger.event.occurred_at is 'When it happened, by the caller''s clock.';
comment on column pushledger.event.recorded_at is
  'When it was committed; never goes back within an app.';
comment on column pushledger.event.data is 'The facts that decisions need. No personal text.';

create schema projections;
comment on schema projections is
  'What runs the SQL of projections that were added, each with the rights of its own role.';

alter table ledger.projections
  add column description text not null default '',
  add column types text[],
  add column batch_events int not null default 1000,
  add column fold_sql text,
  add constraint projections_description_bytes check (octet_length(description) <= 1024),
  add constraint projections_batch_events_range check (batch_events between 1 and 10000),
  add constraint projections_fold_sql_bytes check (octet_length(fold_sql) <= 1048576);
comment on column ledger.projections.description is 'What it shows, in its author''s words.';
comment on column ledger.projections.types is 'The types of events it folds; null: all.';
comment on column ledger.projections.batch_events is 'Events folded in one transaction at most.';
comment on column ledger.projections.fold_sql is
  'The SQL that makes its tables and its fold; null: it is built in.';

alter table ledger.rebuilds
  add column types text[],
  add column fold_sql text;
comment on column ledger.rebuilds.types is 'The types of events that are folded; null: all.';
comment on column ledger.rebuilds.fold_sql is
  'The SQL that made what is being built, and serves after the swap; null: it is built in.';

create table ledger.subscriptions (
  app text collate "C" not null,
  name text collate "C" not null,
  types text[],
  started_after bigint not null,
  position bigint not null,
  handed_out bigint not null,
  epoch bigint not null,
  consumer text collate "C",
  leased_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint subscriptions_pk primary key (app, name),
  constraint subscriptions_app foreign key (app) references ledger.apps (app),
  constraint subscriptions_name_form check (name ~ '^[A-Za-z0-9._-]{1,64}$'),
  constraint subscriptions_consumer_form check (consumer ~ '^[A-Za-z0-9._-]{1,64}$'),
  constraint subscriptions_started_after_range check (started_after >= 0),
  constraint subscriptions_position_order check (
    position >= started_after and handed_out >= position),
  constraint subscriptions_lease_whole check ((consumer is null) = (leased_until is null))
) with (fillfactor = 50);
comment on table ledger.subscriptions is
  'Places from which programs follow the events, kept for them: one consumer at a time.';
comment on column ledger.subscriptions.app is 'The app whose ledger is followed.';
comment on column ledger.subscriptions.name is 'Its name, unique in the app.';
comment on column ledger.subscriptions.types is 'The types of events that are given; null: all.';
comment on column ledger.subscriptions.started_after is 'The position after which it began.';
comment on column ledger.subscriptions.position is
  'Its checkpoint: what is up to here was acknowledged, and does not come again.';
comment on column ledger.subscriptions.handed_out is
  'The last position given to the consumer: it may acknowledge up to here.';
comment on column ledger.subscriptions.epoch is
  'Counts the leases, from the milliseconds at which it was created: who holds an older one, or one of '
  'a subscription of this name that was deleted, can acknowledge nothing.';
comment on column ledger.subscriptions.consumer is
  'Who reads it, in their own words; null while nobody does.';
comment on column ledger.subscriptions.leased_until is
  'Until when no other consumer is let in; null while nobody reads.';
comment on column ledger.subscriptions.created_at is 'When it was created.';
comment on column ledger.subscriptions.updated_at is 'When its checkpoint moved.';
