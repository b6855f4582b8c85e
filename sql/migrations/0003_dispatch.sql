-- Who is at which lane, and what is on its way to a provider.
--
-- A due row is never claimed by a write of its own. What a dispatcher is about to send it first
-- lists in dispatch.handed_out, one row for each lane and provider; if it dies, whoever takes the
-- lane over reads there what may have been sent without being recorded, and nothing else counts as
-- such. An entry whose attempt is recorded means nothing any more, so recording removes none.

-- Rows come in the order of the ledger and go soon after: without this, readers that start at the
-- front of a lane would step over what is long gone.
alter table dispatch.due set (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,
  autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 2000,
  autovacuum_vacuum_insert_scale_factor = 0.2);

create table dispatch.lanes (
  app text collate "C" not null,
  lane smallint not null,
  epoch bigint not null,
  dispatcher text collate "C",
  leased_until timestamptz,
  constraint lanes_pkey primary key (app, lane),
  constraint lanes_lane_range check (lane between 0 and 63),
  constraint lanes_epoch_range check (epoch >= 0),
  constraint lanes_lease_whole check ((dispatcher is null) = (leased_until is null))
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000);
comment on table dispatch.lanes is 'Which dispatcher holds which lane of an app, and how long.';
comment on column dispatch.lanes.app is 'The app.';
comment on column dispatch.lanes.lane is 'A hash of the user, modulo the app''s lanes.';
comment on column dispatch.lanes.epoch is
  'Counts up whenever the lane changes hands: who comes with an older one held it once.';
comment on column dispatch.lanes.dispatcher is 'Who holds it; null: nobody, it was given back.';
comment on column dispatch.lanes.leased_until is
  'Another dispatcher may take the lane after this time.';

create table dispatch.handed_out (
  app text collate "C" not null,
  lane smallint not null,
  provider text collate "C" not null,
  epoch bigint not null,
  number bigint not null,
  positions bigint[] not null,
  deliveries uuid[] not null,
  attempts integer[] not null,
  constraint handed_out_pkey primary key (app, lane, provider),
  constraint handed_out_lengths check (
    cardinality(positions) = cardinality(deliveries)
    and cardinality(positions) = cardinality(attempts))
) with (fillfactor = 50, toast_tuple_target = 4080, autovacuum_vacuum_threshold = 1000);
comment on table dispatch.handed_out is
  'What the holder of a lane may have sent without having recorded it yet.';
comment on column dispatch.handed_out.app is 'The app.';
comment on column dispatch.handed_out.lane is 'The lane.';
comment on column dispatch.handed_out.provider is 'The channel.';
comment on column dispatch.handed_out.epoch is 'The lane''s epoch at the time.';
comment on column dispatch.handed_out.number is
  'Counts up with each hand-out of the holder: one that comes late replaces no later one.';
comment on column dispatch.handed_out.positions is 'The messages'' places in the ledger.';
comment on column dispatch.handed_out.deliveries is 'The deliveries, one for each position.';
comment on column dispatch.handed_out.attempts is
  'The number of the attempt that may be under way. Once it is recorded the entry is history.';

create table dispatch.dispatchers (
  app text collate "C" not null,
  dispatcher text collate "C" not null,
  seen_until timestamptz not null,
  constraint dispatchers_pkey primary key (app, dispatcher)
);
comment on table dispatch.dispatchers is
  'Who would take lanes of an app: among so many they are shared.';
comment on column dispatch.dispatchers.app is 'The app.';
comment on column dispatch.dispatchers.dispatcher is 'The dispatcher''s name, new at every start.';
comment on column dispatch.dispatchers.seen_until is
  'It counts as gone after this time, unless it says again that it is there.';

-- What dispatchers have in memory, shown to those who look: nothing is decided by it.
create table dispatch.in_flight (
  dispatcher text collate "C" not null,
  app text collate "C" not null,
  provider text collate "C" not null,
  pushes integer not null,
  valid_until timestamptz not null,
  constraint in_flight_pkey primary key (dispatcher, app, provider),
  constraint in_flight_pushes_range check (pushes > 0)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000);
comment on table dispatch.in_flight is 'Pushes on their way to a provider, as last reported.';
comment on column dispatch.in_flight.dispatcher is 'Who sends them.';
comment on column dispatch.in_flight.app is 'The app.';
comment on column dispatch.in_flight.provider is 'The channel.';
comment on column dispatch.in_flight.pushes is 'How many.';
comment on column dispatch.in_flight.valid_until is
  'The dispatcher reports again before this time, unless it is gone.';

create table dispatch.circuits (
  dispatcher text collate "C" not null,
  provider text collate "C" not null,
  app text collate "C",
  credential_id text collate "C",
  host text collate "C",
  state text collate "C" not null,
  failures integer not null,
  retry_at timestamptz,
  reason text,
  valid_until timestamptz not null,
  constraint circuits_whose check (
    (app is null) = (credential_id is null) and (app is null) <> (host is null)),
  constraint circuits_state_known check (state in ('closed', 'open', 'probing')),
  constraint circuits_failures_range check (failures >= 0)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000);
comment on table dispatch.circuits is
  'Circuits that are not closed or had failures of late, as last reported.';
comment on column dispatch.circuits.dispatcher is 'Whose circuit it is: each has its own.';
comment on column dispatch.circuits.provider is 'The channel.';
comment on column dispatch.circuits.app is
  'Whose credential it stands before; null for a host''s circuit, which all apps share.';
comment on column dispatch.circuits.credential_id is
  'The credential; null for a host''s circuit.';
comment on column dispatch.circuits.host is 'The host; null for a credential''s circuit.';
comment on column dispatch.circuits.state is
  'closed: pushes go; open: none goes; probing: one is on its way to find out.';
comment on column dispatch.circuits.failures is 'Failures in a row; 0 unless it is closed.';
comment on column dispatch.circuits.retry_at is 'When an open one lets a probe through.';
comment on column dispatch.circuits.reason is 'What the last failure said.';
comment on column dispatch.circuits.valid_until is
  'The dispatcher reports again before this time, unless it is gone.';

create table dispatch.refused_credentials (
  dispatcher text collate "C" not null,
  app text collate "C" not null,
  provider text collate "C" not null,
  credential_id text collate "C" not null,
  reason text not null,
  valid_until timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000);
comment on table dispatch.refused_credentials is
  'Credentials that a dispatcher can''t use, as last reported.';
comment on column dispatch.refused_credentials.dispatcher is
  'Who can''t: another may have the key that opens it.';
comment on column dispatch.refused_credentials.app is 'Whose credential it is.';
comment on column dispatch.refused_credentials.provider is 'The channel.';
comment on column dispatch.refused_credentials.credential_id is 'The credential.';
comment on column dispatch.refused_credentials.reason is
  'What is wrong with it; holds nothing of its secret.';
comment on column dispatch.refused_credentials.valid_until is
  'The dispatcher reports again before this time, unless it is gone.';

-- What is held back by a person's order. It outlives every dispatcher, and nobody but a person ends
-- it.
create table dispatch.pauses (
  app text collate "C" not null,
  provider text collate "C",
  paused_at timestamptz not null default clock_timestamp(),
  key_id text collate "C",
  reason text,
  constraint pauses_app foreign key (app) references ledger.apps (app),
  constraint pauses_provider_known check (
    provider in ('apns', 'fcm', 'huawei', 'honor', 'xiaomi', 'oppo', 'vivo', 'meizu', 'webpush',
      'callback')),
  constraint pauses_key_id_form check (octet_length(key_id) between 1 and 128),
  constraint pauses_reason_bytes check (octet_length(reason) between 1 and 256)
);
create unique index pauses_of_app on dispatch.pauses (app, coalesce(provider, ''));
comment on table dispatch.pauses is
  'Apps, and providers of an app, of which nothing is pushed until a person lets them go on.';
comment on column dispatch.pauses.app is 'The app.';
comment on column dispatch.pauses.provider is 'The channel; null: all of the app.';
comment on column dispatch.pauses.paused_at is 'Since when.';
comment on column dispatch.pauses.key_id is
  'The API key under which it was ordered in the console; null: by the command.';
comment on column dispatch.pauses.reason is 'Why, in the words of who ordered it.';

create function dispatch.announce_pauses() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  perform pg_notify('pushledger_credentials', coalesce(new.app, old.app));
  perform pg_notify('pushledger_due', coalesce(new.app, old.app));
  return null;
end
$$;
comment on function dispatch.announce_pauses() is
  'Trigger of dispatch.pauses: wakes the dispatchers, which read pauses with the credentials, and '
  'those who serve streams.';

create trigger pauses_are_announced
  after insert or update or delete on dispatch.pauses
  for each row execute function dispatch.announce_pauses();
