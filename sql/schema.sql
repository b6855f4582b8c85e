-- What PushLedger installs in a database, as the catalogs show it: to be read, not run.
-- The bodies of functions and views stand in sql/functions and sql/views.
-- Written by scripts/schema; a test fails when it is stale.

create schema dispatch;
comment on schema dispatch is 'What is due to be pushed, and who is at it.';
grant usage on schema dispatch to pushledger_dispatcher, pushledger_projector, pushledger_writer;

create table dispatch.circuits (
  dispatcher text collate "C" not null,
  provider text collate "C" not null,
  app text collate "C",
  credential_id text collate "C",
  host text collate "C",
  state text collate "C" not null,
  failures integer not null,
  retry_at timestamp with time zone,
  reason text,
  valid_until timestamp with time zone not null,
  constraint circuits_failures_range CHECK ((failures >= 0)),
  constraint circuits_state_known CHECK ((state = ANY (ARRAY['closed'::text, 'open'::text, 'probing'::text]))),
  constraint circuits_whose CHECK ((((app IS NULL) = (credential_id IS NULL)) AND ((app IS NULL) <> (host IS NULL))))
) with (autovacuum_vacuum_threshold = 1000, fillfactor = 50);
comment on table dispatch.circuits is 'Circuits that are not closed or had failures of late, as last reported.';
comment on column dispatch.circuits.dispatcher is 'Whose circuit it is: each has its own.';
comment on column dispatch.circuits.provider is 'The channel.';
comment on column dispatch.circuits.app is 'Whose credential it stands before; null for a host''s circuit, which all apps share.';
comment on column dispatch.circuits.credential_id is 'The credential; null for a host''s circuit.';
comment on column dispatch.circuits.host is 'The host; null for a credential''s circuit.';
comment on column dispatch.circuits.state is 'closed: pushes go; open: none goes; probing: one is on its way to find out.';
comment on column dispatch.circuits.failures is 'Failures in a row; 0 unless it is closed.';
comment on column dispatch.circuits.retry_at is 'When an open one lets a probe through.';
comment on column dispatch.circuits.reason is 'What the last failure said.';
comment on column dispatch.circuits.valid_until is 'The dispatcher reports again before this time, unless it is gone.';
grant delete, insert, select, update on dispatch.circuits to pushledger_dispatcher;

create table dispatch.dispatchers (
  app text collate "C" not null,
  dispatcher text collate "C" not null,
  seen_until timestamp with time zone not null,
  constraint dispatchers_pkey PRIMARY KEY (app, dispatcher)
);
comment on table dispatch.dispatchers is 'Who would take lanes of an app: among so many they are shared.';
comment on column dispatch.dispatchers.app is 'The app.';
comment on column dispatch.dispatchers.dispatcher is 'The dispatcher''s name, new at every start.';
comment on column dispatch.dispatchers.seen_until is 'It counts as gone after this time, unless it says again that it is there.';
grant delete, insert, select, update on dispatch.dispatchers to pushledger_dispatcher;

create table dispatch.due (
  app text collate "C" not null,
  provider text collate "C" not null,
  lane smallint not null,
  "position" bigint not null,
  delivery_id uuid not null,
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  attempts integer not null default 0,
  due_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint due_pkey PRIMARY KEY (app, provider, lane, "position", delivery_id)
) with (autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
CREATE INDEX due_callback ON dispatch.due USING btree (app, "position", delivery_id) WHERE (provider = 'callback'::text);
CREATE INDEX due_of_device ON dispatch.due USING btree (app, user_id, device_id, "position") WHERE (provider = 'callback'::text);
comment on table dispatch.due is 'Deliveries that must still be attempted; the projector adds, the dispatcher removes.';
comment on column dispatch.due.app is 'The app.';
comment on column dispatch.due.provider is 'The channel.';
comment on column dispatch.due.lane is 'A hash of the user, modulo the app''s lanes.';
comment on column dispatch.due."position" is 'The place in the ledger of what made it due, the message or the attempt before: the order.';
comment on column dispatch.due.delivery_id is 'The delivery.';
comment on column dispatch.due.user_id is 'The recipient.';
comment on column dispatch.due.device_id is 'The device.';
comment on column dispatch.due.attempts is 'Attempts recorded so far.';
comment on column dispatch.due.due_at is 'Not to be sent before.';
comment on column dispatch.due.expires_at is 'Not to be sent after.';
grant delete, insert, select on dispatch.due to pushledger_projector;
grant delete, select, update on dispatch.due to pushledger_dispatcher;

create table dispatch.handed_out (
  app text collate "C" not null,
  lane smallint not null,
  provider text collate "C" not null,
  epoch bigint not null,
  number bigint not null,
  positions bigint[] not null,
  deliveries uuid[] not null,
  attempts integer[] not null,
  constraint handed_out_pkey PRIMARY KEY (app, lane, provider),
  constraint handed_out_lengths CHECK (((cardinality(positions) = cardinality(deliveries)) AND (cardinality(positions) = cardinality(attempts))))
) with (autovacuum_vacuum_threshold = 1000, fillfactor = 50, toast_tuple_target = 4080);
comment on table dispatch.handed_out is 'What the holder of a lane may have sent without having recorded it yet.';
comment on column dispatch.handed_out.app is 'The app.';
comment on column dispatch.handed_out.lane is 'The lane.';
comment on column dispatch.handed_out.provider is 'The channel.';
comment on column dispatch.handed_out.epoch is 'The lane''s epoch at the time.';
comment on column dispatch.handed_out.number is 'Counts up with each hand-out of the holder: one that comes late replaces no later one.';
comment on column dispatch.handed_out.positions is 'The messages'' places in the ledger.';
comment on column dispatch.handed_out.deliveries is 'The deliveries, one for each position.';
comment on column dispatch.handed_out.attempts is 'The number of the attempt that may be under way. Once it is recorded the entry is history.';
grant delete, insert, select, update on dispatch.handed_out to pushledger_dispatcher;

create table dispatch.in_flight (
  dispatcher text collate "C" not null,
  app text collate "C" not null,
  provider text collate "C" not null,
  pushes integer not null,
  valid_until timestamp with time zone not null,
  constraint in_flight_pkey PRIMARY KEY (dispatcher, app, provider),
  constraint in_flight_pushes_range CHECK ((pushes > 0))
) with (autovacuum_vacuum_threshold = 1000, fillfactor = 50);
comment on table dispatch.in_flight is 'Pushes on their way to a provider, as last reported.';
comment on column dispatch.in_flight.dispatcher is 'Who sends them.';
comment on column dispatch.in_flight.app is 'The app.';
comment on column dispatch.in_flight.provider is 'The channel.';
comment on column dispatch.in_flight.pushes is 'How many.';
comment on column dispatch.in_flight.valid_until is 'The dispatcher reports again before this time, unless it is gone.';
grant delete, insert, select, update on dispatch.in_flight to pushledger_dispatcher;

create table dispatch.lanes (
  app text collate "C" not null,
  lane smallint not null,
  epoch bigint not null,
  dispatcher text collate "C",
  leased_until timestamp with time zone,
  constraint lanes_pkey PRIMARY KEY (app, lane),
  constraint lanes_epoch_range CHECK ((epoch >= 0)),
  constraint lanes_lane_range CHECK (((lane >= 0) AND (lane <= 63))),
  constraint lanes_lease_whole CHECK (((dispatcher IS NULL) = (leased_until IS NULL)))
) with (autovacuum_vacuum_threshold = 1000, fillfactor = 50);
comment on table dispatch.lanes is 'Which dispatcher holds which lane of an app, and how long.';
comment on column dispatch.lanes.app is 'The app.';
comment on column dispatch.lanes.lane is 'A hash of the user, modulo the app''s lanes.';
comment on column dispatch.lanes.epoch is 'Counts up whenever the lane changes hands: who comes with an older one held it once.';
comment on column dispatch.lanes.dispatcher is 'Who holds it; null: nobody, it was given back.';
comment on column dispatch.lanes.leased_until is 'Another dispatcher may take the lane after this time.';
grant delete, insert, select, update on dispatch.lanes to pushledger_dispatcher;

create table dispatch.pauses (
  app text collate "C" not null,
  provider text collate "C",
  paused_at timestamp with time zone not null default clock_timestamp(),
  key_id text collate "C",
  reason text,
  constraint pauses_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint pauses_key_id_form CHECK (((octet_length(key_id) >= 1) AND (octet_length(key_id) <= 128))),
  constraint pauses_provider_known CHECK ((provider = ANY (ARRAY['apns'::text, 'fcm'::text, 'huawei'::text, 'honor'::text, 'xiaomi'::text, 'oppo'::text, 'vivo'::text, 'meizu'::text, 'webpush'::text, 'callback'::text]))),
  constraint pauses_reason_bytes CHECK (((octet_length(reason) >= 1) AND (octet_length(reason) <= 256)))
);
CREATE UNIQUE INDEX pauses_of_app ON dispatch.pauses USING btree (app, COALESCE(provider, ''::text));
CREATE TRIGGER pauses_are_announced AFTER INSERT OR DELETE OR UPDATE ON dispatch.pauses FOR EACH ROW EXECUTE FUNCTION dispatch.announce_pauses();
comment on table dispatch.pauses is 'Apps, and providers of an app, of which nothing is pushed until a person lets them go on.';
comment on column dispatch.pauses.app is 'The app.';
comment on column dispatch.pauses.provider is 'The channel; null: all of the app.';
comment on column dispatch.pauses.paused_at is 'Since when.';
comment on column dispatch.pauses.key_id is 'The API key under which it was ordered in the console; null: by the command.';
comment on column dispatch.pauses.reason is 'Why, in the words of who ordered it.';
grant delete, insert, select on dispatch.pauses to pushledger_writer;
grant select on dispatch.pauses to pushledger_dispatcher;

create table dispatch.refused_credentials (
  dispatcher text collate "C" not null,
  app text collate "C" not null,
  provider text collate "C" not null,
  credential_id text collate "C" not null,
  reason text not null,
  valid_until timestamp with time zone not null
) with (autovacuum_vacuum_threshold = 1000, fillfactor = 50);
comment on table dispatch.refused_credentials is 'Credentials that a dispatcher can''t use, as last reported.';
comment on column dispatch.refused_credentials.dispatcher is 'Who can''t: another may have the key that opens it.';
comment on column dispatch.refused_credentials.app is 'Whose credential it is.';
comment on column dispatch.refused_credentials.provider is 'The channel.';
comment on column dispatch.refused_credentials.credential_id is 'The credential.';
comment on column dispatch.refused_credentials.reason is 'What is wrong with it; holds nothing of its secret.';
comment on column dispatch.refused_credentials.valid_until is 'The dispatcher reports again before this time, unless it is gone.';
grant delete, insert, select, update on dispatch.refused_credentials to pushledger_dispatcher;

create table dispatch.sent (
  app text collate "C" not null,
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  "position" bigint not null,
  delivery_id uuid not null,
  attempt integer not null,
  server text collate "C" not null,
  number bigint not null,
  sent_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint sent_pkey PRIMARY KEY (app, user_id, device_id, "position")
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
CREATE INDEX sent_expiry ON dispatch.sent USING btree (app, expires_at);
comment on table dispatch.sent is 'What was handed to a stream, and of which nothing is recorded yet.';
comment on column dispatch.sent.app is 'The app.';
comment on column dispatch.sent.user_id is 'The device''s user.';
comment on column dispatch.sent.device_id is 'The device.';
comment on column dispatch.sent."position" is 'Its place among what is due.';
comment on column dispatch.sent.delivery_id is 'The delivery.';
comment on column dispatch.sent.attempt is 'The number of this attempt, from 1.';
comment on column dispatch.sent.server is 'The process that sent it.';
comment on column dispatch.sent.number is 'The stream''s number in that process.';
comment on column dispatch.sent.sent_at is 'When it was handed out.';
comment on column dispatch.sent.expires_at is 'When the delivery expires.';
grant select on dispatch.sent to pushledger_dispatcher;

create table dispatch.streams (
  app text collate "C" not null,
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  server text collate "C" not null,
  number bigint not null,
  live boolean not null,
  opened_at timestamp with time zone not null,
  constraint streams_pkey PRIMARY KEY (app, user_id, device_id)
) with (autovacuum_vacuum_threshold = 1000, fillfactor = 50);
comment on table dispatch.streams is 'Which process holds the stream of a device. A newer one takes the older one''s row.';
comment on column dispatch.streams.app is 'The app.';
comment on column dispatch.streams.user_id is 'The device''s user.';
comment on column dispatch.streams.device_id is 'The device.';
comment on column dispatch.streams.server is 'The process that holds it, new at every start.';
comment on column dispatch.streams.number is 'Its number in that process.';
comment on column dispatch.streams.live is 'True: all that waited was handed out, and what becomes due is handed out at once.';
comment on column dispatch.streams.opened_at is 'Since when.';

create function dispatch.announce_pauses()
  returns trigger
  language plpgsql volatile set search_path = pg_catalog;
comment on function dispatch.announce_pauses() is 'Trigger of dispatch.pauses: wakes the dispatchers, which read pauses with the credentials, and those who serve streams.';
grant execute on function dispatch.announce_pauses() to pushledger_dispatcher;

create function dispatch.apps_due(in_limit integer)
  returns TABLE(app text, provider text)
  language plpgsql stable set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.apps_due(integer) is 'The apps and providers that have anything due.';
grant execute on function dispatch.apps_due(integer) to pushledger_dispatcher;

create function dispatch.close_streams(in_app text, in_server text, in_users text[], in_devices text[], in_numbers bigint[], unsent_users text[], unsent_devices text[], unsent_numbers bigint[], unsent_positions bigint[])
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.close_streams(text, text, text[], text[], bigint[], text[], text[], bigint[], bigint[]) is 'Gives back streams that have ended, and what they were handed and never sent.';
grant execute on function dispatch.close_streams(text, text, text[], text[], bigint[], text[], text[], bigint[], bigint[]) to pushledger_dispatcher, pushledger_writer;

create function dispatch.due_now(in_app text)
  returns TABLE(provider text, provider_due bigint, lacks text, due bigint, is_counted boolean, backing_off bigint, oldest_due_at timestamp with time zone, is_whole boolean, in_flight bigint)
  language sql stable security definer set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_memoize = off set jit = off;
comment on function dispatch.due_now(text) is 'What is due to be pushed and what it lacks, in a bounded time: of much, at least so many.';
grant execute on function dispatch.due_now(text) to pushledger_dispatcher, pushledger_writer;

create function dispatch.hand_out(in_app text, in_dispatcher text, in_number bigint, in_lanes smallint[], in_epochs bigint[], row_lanes integer[], row_providers text[], row_positions bigint[], row_deliveries uuid[], row_attempts integer[], row_fresh boolean[])
  returns TABLE(number integer, attempts integer, expires_at timestamp with time zone, badge bigint, sound text, message_id text, notification json, provider text, token text, token_sha256 text, token_valid boolean, topic text, environment text, credential_id text, locale text, message_position bigint)
  language plpgsql volatile set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.hand_out(text, text, bigint, smallint[], bigint[], integer[], text[], bigint[], uuid[], integer[], boolean[]) is 'Lists what is about to be sent, then gives it out as it stands now.';
grant execute on function dispatch.hand_out(text, text, bigint, smallint[], bigint[], integer[], text[], bigint[], uuid[], integer[], boolean[]) to pushledger_dispatcher;

create function dispatch.hand_out_streams(in_app text, in_server text, after_position bigint, after_delivery uuid, in_limit integer, read_users text[], read_devices text[], read_numbers bigint[], read_after bigint[], read_limit integer)
  returns TABLE(number bigint, is_live boolean, "position" bigint, delivery_id uuid, expires_at timestamp with time zone, badge bigint, sound text, locale text, notification json, message_position bigint)
  language plpgsql volatile security definer set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.hand_out_streams(text, text, bigint, uuid, integer, text[], text[], bigint[], bigint[], integer) is 'Hands out what is due to a process''s streams of an app, and says how far it looked.';
grant execute on function dispatch.hand_out_streams(text, text, bigint, uuid, integer, text[], text[], bigint[], bigint[], integer) to pushledger_dispatcher, pushledger_writer;

create function dispatch.is_told_on_stream(in_app text, in_user text, in_device text)
  returns boolean
  language sql stable;
comment on function dispatch.is_told_on_stream(text, text, text) is 'Whether a device gets what is due to it on a stream.';
grant execute on function dispatch.is_told_on_stream(text, text, text) to pushledger_dispatcher;

create function dispatch.list_due(in_app text, in_lanes smallint[], in_providers text[], after_positions bigint[], after_deliveries uuid[], in_limits integer[])
  returns TABLE(number integer, "position" bigint, delivery_id uuid, user_id text, device_id text, attempts integer, due_at timestamp with time zone, expires_at timestamp with time zone, topic text, environment text, credential_id text)
  language plpgsql stable set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.list_due(text, smallint[], text[], bigint[], uuid[], integer[]) is 'What is due in lanes, in the order of the ledger, from a place on.';
grant execute on function dispatch.list_due(text, smallint[], text[], bigint[], uuid[], integer[]) to pushledger_dispatcher;

create function dispatch.list_expired(in_app text, in_lanes smallint[], in_limit integer)
  returns TABLE(lane smallint, provider text, "position" bigint, delivery_id uuid, attempts integer, user_id text, device_id text, message_id text)
  language sql stable set search_path = pg_catalog;
comment on function dispatch.list_expired(text, smallint[], integer) is 'Due deliveries whose expiry has passed, in some lanes.';
grant execute on function dispatch.list_expired(text, smallint[], integer) to pushledger_dispatcher;

create function dispatch.list_sent(in_app text, in_users text[], in_devices text[], up_to bigint[])
  returns TABLE(number integer, "position" bigint, delivery_id uuid, attempt integer, message_id text, badge bigint, sent_at timestamp with time zone, server text)
  language plpgsql stable security definer set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.list_sent(text, text[], text[], bigint[]) is 'What streams of devices were handed, and of which nothing is recorded yet.';
grant execute on function dispatch.list_sent(text, text[], text[], bigint[]) to pushledger_dispatcher, pushledger_writer;

create function dispatch.list_unanswered(in_limit integer)
  returns TABLE(app text, user_id text, device_id text, "position" bigint, delivery_id uuid, attempt integer, message_id text, badge bigint, sent_at timestamp with time zone, server text)
  language sql stable security definer set search_path = pg_catalog;
comment on function dispatch.list_unanswered(integer) is 'What streams were handed and what expired without an acknowledgement.';
grant execute on function dispatch.list_unanswered(integer) to pushledger_dispatcher, pushledger_writer;

create function dispatch.mend_due(in_app text, in_providers text[], in_lanes smallint[], in_positions bigint[], in_deliveries uuid[])
  returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog set enable_hashjoin = off set enable_mergejoin = off;
comment on function dispatch.mend_due(text, text[], smallint[], bigint[], uuid[]) is 'Brings deliveries'' due rows in step with the projection, while another takes over.';
grant execute on function dispatch.mend_due(text, text[], smallint[], bigint[], uuid[]) to pushledger_projector;

create function dispatch.mend_due_further(in_app text, in_rows integer)
  returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog set enable_seqscan = off set enable_nestloop = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.mend_due_further(text, integer) is 'Goes on with bringing what is due in step with the projection, after another took over.';
grant execute on function dispatch.mend_due_further(text, integer) to pushledger_projector;

create function dispatch.open_stream(in_app text, in_user text, in_device text, in_server text, in_number bigint)
  returns TABLE("position" bigint, delivery_id uuid, attempt integer, message_id text, badge bigint, sent_at timestamp with time zone, server text)
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function dispatch.open_stream(text, text, text, text, bigint) is 'Makes a stream the one that a device has; says what older ones were handed. LG006.';
grant execute on function dispatch.open_stream(text, text, text, text, bigint) to pushledger_dispatcher, pushledger_writer;

create function dispatch.record(in_app text, in_dispatcher text, in_lanes smallint[], in_epochs bigint[], event_lanes integer[], event_ids uuid[], fenced_ids uuid[], types text[], streams text[], occurred_ats timestamp with time zone[], datas jsonb[], row_lanes integer[], row_providers text[], row_positions bigint[], row_deliveries uuid[], row_attempts integer[], row_due_ats timestamp with time zone[])
  returns integer[]
  language plpgsql volatile set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.record(text, text, smallint[], bigint[], integer[], uuid[], uuid[], text[], text[], timestamp with time zone[], jsonb[], integer[], text[], bigint[], uuid[], integer[], timestamp with time zone[]) is 'Appends push.attempted events and ends or puts off their due rows, in one transaction.';
grant execute on function dispatch.record(text, text, smallint[], bigint[], integer[], uuid[], uuid[], text[], text[], timestamp with time zone[], jsonb[], integer[], text[], bigint[], uuid[], integer[], timestamp with time zone[]) to pushledger_dispatcher;

create function dispatch.record_sent(in_app text, row_users text[], row_devices text[], row_positions bigint[], row_deliveries uuid[], row_attempts integer[], row_accepted boolean[], event_rows integer[], event_ids uuid[], types text[], streams text[], occurred_ats timestamp with time zone[], datas jsonb[])
  returns integer
  language plpgsql volatile security definer set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.record_sent(text, text[], text[], bigint[], uuid[], integer[], boolean[], integer[], uuid[], text[], text[], timestamp with time zone[], jsonb[]) is 'Records what became of what streams were handed, in one transaction with what is due.';
grant execute on function dispatch.record_sent(text, text[], text[], bigint[], uuid[], integer[], boolean[], integer[], uuid[], text[], text[], timestamp with time zone[], jsonb[]) to pushledger_dispatcher, pushledger_writer;

create function dispatch.release_lanes(in_app text, in_dispatcher text, in_lanes smallint[], in_epochs bigint[], in_leaves boolean)
  returns integer
  language plpgsql volatile set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.release_lanes(text, text, smallint[], bigint[], boolean) is 'Gives lanes back: whoever takes one next finds nothing in it that may have been sent.';
grant execute on function dispatch.release_lanes(text, text, smallint[], bigint[], boolean) to pushledger_dispatcher;

create function dispatch.renew_lanes(in_dispatcher text, in_apps text[], in_lanes smallint[], in_epochs bigint[], in_lease_seconds double precision)
  returns TABLE(app text, lane smallint, app_lanes integer, dispatchers integer)
  language plpgsql volatile set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.renew_lanes(text, text[], smallint[], bigint[], double precision) is 'Renews leases; answers the lanes still held.';
grant execute on function dispatch.renew_lanes(text, text[], smallint[], bigint[], double precision) to pushledger_dispatcher;

create function dispatch.report(in_dispatcher text, in_valid_seconds double precision, sent_apps text[], sent_providers text[], sent_pushes integer[], circuit_providers text[], circuit_apps text[], circuit_credentials text[], circuit_hosts text[], circuit_states text[], circuit_failures integer[], circuit_retry_at timestamp with time zone[], circuit_reasons text[], refused_apps text[], refused_providers text[], refused_credentials text[], refused_reasons text[])
  returns void
  language plpgsql volatile set search_path = pg_catalog;
comment on function dispatch.report(text, double precision, text[], text[], integer[], text[], text[], text[], text[], text[], integer[], timestamp with time zone[], text[], text[], text[], text[], text[]) is 'Shows what a dispatcher has in memory.';
grant execute on function dispatch.report(text, double precision, text[], text[], integer[], text[], text[], text[], text[], text[], integer[], timestamp with time zone[], text[], text[], text[], text[], text[]) to pushledger_dispatcher;

create function dispatch.route_lacks(in_app text, in_provider text, in_topic text, in_environment text, in_credential_id text)
  returns text
  language sql stable security definer set search_path = pg_catalog;
comment on function dispatch.route_lacks(text, text, text, text, text) is 'Why nothing can be sent by a provider, topic, environment and credential; null: it can.';
grant execute on function dispatch.route_lacks(text, text, text, text, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function dispatch.take_lanes(in_app text, in_dispatcher text, in_providers text[], in_held smallint[], in_lease_seconds double precision)
  returns TABLE(lane smallint, epoch bigint, lost_dispatcher text, provider text, "position" bigint, delivery_id uuid, attempts integer, user_id text, device_id text, message_id text)
  language plpgsql volatile set search_path = pg_catalog set enable_seqscan = off set enable_bitmapscan = off set enable_material = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function dispatch.take_lanes(text, text, text[], smallint[], double precision) is 'Leases lanes that have something due, and says what their last holder may have sent.';
grant execute on function dispatch.take_lanes(text, text, text[], smallint[], double precision) to pushledger_dispatcher;

create schema ledger;
comment on schema ledger is 'What happened, kept for good: apps and their events. Written only through its functions.';
grant usage on schema ledger to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_writer;

create table ledger.api_keys (
  app text collate "C" not null,
  key_id text collate "C" not null,
  secret_sha256 bytea not null,
  scopes text[] not null,
  label text not null,
  created_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  constraint api_keys_pk PRIMARY KEY (app, key_id),
  constraint api_keys_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint api_keys_key_id_form CHECK ((key_id ~ '^[a-z0-9._-]{1,64}[.][0-9A-Za-z]{8,32}$'::text)),
  constraint api_keys_label_bytes CHECK ((octet_length(label) <= 256)),
  constraint api_keys_scopes_known CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['send'::text, 'device'::text, 'read'::text, 'admin'::text]))),
  constraint api_keys_secret_length CHECK ((octet_length(secret_sha256) = 32))
);
comment on table ledger.api_keys is 'Keys of the HTTP API. The key itself is shown once, not kept.';
comment on column ledger.api_keys.app is 'The app that the key speaks for.';
comment on column ledger.api_keys.key_id is 'The key''s public part: the app, a point, and random characters.';
comment on column ledger.api_keys.secret_sha256 is 'SHA-256 of the key''s secret part, which is random and too long to guess.';
comment on column ledger.api_keys.scopes is 'What the key may do: send, device, read, admin.';
comment on column ledger.api_keys.label is 'What its owner calls it.';
comment on column ledger.api_keys.created_at is 'When it was created.';
comment on column ledger.api_keys.revoked_at is 'When it was revoked; null while it is good.';
grant select on ledger.api_keys to pushledger_writer;

create table ledger.apps (
  app text collate "C" not null,
  lanes integer not null default 8,
  language text collate "C" not null default 'en'::text,
  suppressed_rows_limit integer not null default 20,
  push_lifetime_seconds bigint not null default 604800,
  cancel_on_read boolean not null default true,
  cancel_on_foreground boolean not null default true,
  login_policy text collate "C" not null default 'one_per_platform'::text,
  reachable_days integer,
  created_at timestamp with time zone not null,
  constraint apps_pk PRIMARY KEY (app),
  constraint apps_app_form CHECK ((app ~ '^[a-z0-9._-]{1,64}$'::text)),
  constraint apps_lanes_range CHECK (((lanes >= 1) AND (lanes <= 64))),
  constraint apps_language_known CHECK ((language = ANY (ARRAY['en'::text, 'zh'::text]))),
  constraint apps_login_policy_known CHECK ((login_policy = ANY (ARRAY['one_per_platform'::text, 'three_platforms'::text, 'two_platforms'::text, 'one_platform'::text, 'any'::text]))),
  constraint apps_push_lifetime_range CHECK (((push_lifetime_seconds >= 1) AND (push_lifetime_seconds <= 31536000))),
  constraint apps_reachable_days_range CHECK (((reachable_days >= 1) AND (reachable_days <= 3650))),
  constraint apps_suppressed_rows_limit_range CHECK (((suppressed_rows_limit >= 0) AND (suppressed_rows_limit <= 100000)))
);
comment on table ledger.apps is 'The tenants and their settings. Each has one ledger.';
comment on column ledger.apps.app is 'The tenant''s name: 1 to 64 of a-z 0-9 - _ .';
comment on column ledger.apps.lanes is 'Lanes that the app''s due pushes are spread over, 1 to 64.';
comment on column ledger.apps.language is 'Language of placeholders in notifications: en or zh.';
comment on column ledger.apps.suppressed_rows_limit is 'A message to more recipients than this keeps its suppressed ones as counts, not rows.';
comment on column ledger.apps.push_lifetime_seconds is 'How long a push is tried when its message names no expiry, in seconds.';
comment on column ledger.apps.cancel_on_read is 'Whether a due push is cancelled once its message is read.';
comment on column ledger.apps.cancel_on_foreground is 'Whether a due push is cancelled once its device comes to the foreground.';
comment on column ledger.apps.login_policy is 'Which other devices of a user a client''s login logs out.';
comment on column ledger.apps.reachable_days is 'Days after which a device that nothing was heard of counts as offline; null: never.';
comment on column ledger.apps.created_at is 'When the app was created.';
grant select on ledger.apps to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_writer;

create table ledger.archives (
  app text collate "C" not null,
  "position" bigint not null,
  commit_number bigint not null,
  chain bytea not null,
  folder text not null,
  archived_at timestamp with time zone not null,
  swept_position bigint not null default 0,
  constraint archives_pk PRIMARY KEY (app),
  constraint archives_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint archives_chain_length CHECK ((octet_length(chain) = 32)),
  constraint archives_commit_number_range CHECK ((commit_number >= 1)),
  constraint archives_folder_bytes CHECK (((octet_length(folder) >= 1) AND (octet_length(folder) <= 4096))),
  constraint archives_position_range CHECK (("position" >= 1)),
  constraint archives_swept_position_range CHECK (((swept_position >= 0) AND (swept_position <= "position")))
);
comment on table ledger.archives is 'Up to where each app''s ledger stands in an archive that its messages were detached to.';
comment on column ledger.archives.app is 'The app.';
comment on column ledger.archives."position" is 'Messages up to it, and what became of them, are in the archive and not here, but for those that went on later. A commit ends there.';
comment on column ledger.archives.commit_number is 'That commit.';
comment on column ledger.archives.chain is 'Hash chain at that commit, as the archive has it.';
comment on column ledger.archives.folder is 'Where the archive was written to, as it was named.';
comment on column ledger.archives.archived_at is 'When detaching up to there began.';
comment on column ledger.archives.swept_position is 'How far detaching has come; below position only where it was broken off or goes on.';

create table ledger.audit (
  app text collate "C" not null,
  entry bigint not null,
  at timestamp with time zone not null default clock_timestamp(),
  key_id text collate "C" not null,
  action text collate "C" not null,
  subject jsonb not null default '{}'::jsonb,
  constraint audit_pk PRIMARY KEY (app, entry),
  constraint audit_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint audit_action_form CHECK ((action ~ '^[a-z_]{1,64}$'::text)),
  constraint audit_subject_object CHECK (((jsonb_typeof(subject) = 'object'::text) AND (octet_length((subject)::text) <= 4096)))
);
CREATE TRIGGER audit_never_changes BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.audit FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
comment on table ledger.audit is 'What was done in the console that is no event of the ledger, such as signing in.';
comment on column ledger.audit.app is 'The app.';
comment on column ledger.audit.entry is 'Counts up.';
comment on column ledger.audit.at is 'When.';
comment on column ledger.audit.key_id is 'Under which key.';
comment on column ledger.audit.action is 'What, such as sign_in.';
comment on column ledger.audit.subject is 'To what, by its ids; no content.';
grant insert, select on ledger.audit to pushledger_writer;

create sequence ledger.audit_entry_seq (
  last_value bigint not null,
  log_cnt bigint not null,
  is_called boolean not null
);

create table ledger.checkpoints (
  app text collate "C" not null,
  projection text collate "C" not null,
  "position" bigint not null,
  updated_at timestamp with time zone not null,
  owner text collate "C",
  leased_until timestamp with time zone,
  generation bigint not null default 0,
  paused_at timestamp with time zone,
  failed_at timestamp with time zone,
  failed_position bigint,
  failure text,
  cleared_to bigint,
  mended_to bigint,
  mended_rows bigint,
  constraint checkpoints_pk PRIMARY KEY (app, projection),
  constraint checkpoints_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint checkpoints_position_range CHECK (("position" >= 0))
) with (autovacuum_vacuum_threshold = 1000, fillfactor = 20);
comment on table ledger.checkpoints is 'How far each projection has folded each app''s ledger; moved in the transaction of its rows.';
comment on column ledger.checkpoints.app is 'The app.';
comment on column ledger.checkpoints.projection is 'The projection''s name with its version.';
comment on column ledger.checkpoints."position" is 'Position of the last event folded.';
comment on column ledger.checkpoints.updated_at is 'When it moved.';
comment on column ledger.checkpoints.owner is 'The projector that folds at the moment and holds state in memory; null: none.';
comment on column ledger.checkpoints.leased_until is 'Another projector may take over after this time.';
comment on column ledger.checkpoints.generation is 'Counts up when other tables take over: what a projector holds in memory is theirs no more.';
comment on column ledger.checkpoints.paused_at is 'Since when somebody wants it to stand still; null: it goes on.';
comment on column ledger.checkpoints.failed_at is 'Since when it stands still at an event that cannot be folded; null: it does not.';
comment on column ledger.checkpoints.failed_position is 'Which event that is.';
comment on column ledger.checkpoints.failure is 'Why it cannot be folded; holds no content.';
comment on column ledger.checkpoints.cleared_to is 'Of that, what should not be due has been taken away in places up to here.';
comment on column ledger.checkpoints.mended_to is 'Since another took over, what is due has been set right for messages up to here; null: for all.';
comment on column ledger.checkpoints.mended_rows is 'Of that, how many rows were added so far.';
grant insert, select, update on ledger.checkpoints to pushledger_projector;
grant select on ledger.checkpoints to pushledger_dispatcher, pushledger_reactor, pushledger_writer;

create table ledger.commits (
  app text collate "C" not null,
  commit_number bigint not null,
  first_position bigint not null,
  last_position bigint not null,
  recorded_at timestamp with time zone not null,
  chain bytea not null,
  constraint commits_pk PRIMARY KEY (app, commit_number),
  constraint commits_chain_length CHECK ((octet_length(chain) = 32)),
  constraint commits_positions_order CHECK (((first_position >= 1) AND (last_position >= first_position)))
);
CREATE TRIGGER commits_never_change BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.commits FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
comment on table ledger.commits is 'One row for each append: a hash over its events, chained to the commit before it.';
comment on column ledger.commits.app is 'The app.';
comment on column ledger.commits.commit_number is 'Place among the app''s commits, from 1.';
comment on column ledger.commits.first_position is 'Position of its first event.';
comment on column ledger.commits.last_position is 'Position of its last event.';
comment on column ledger.commits.recorded_at is 'Its time, which all its events carry.';
comment on column ledger.commits.chain is 'SHA-256 of the chain before it, its events'' digests in order, and recorded_at.';
grant select on ledger.commits to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_writer;

create table ledger.console_sessions (
  app text collate "C" not null,
  session_id text collate "C" not null,
  secret_sha256 bytea not null,
  key_id text collate "C" not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint console_sessions_pk PRIMARY KEY (session_id),
  constraint console_sessions_key FOREIGN KEY (app, key_id) REFERENCES ledger.api_keys(app, key_id) ON DELETE CASCADE,
  constraint console_sessions_order CHECK ((expires_at > created_at)),
  constraint console_sessions_secret_length CHECK ((octet_length(secret_sha256) = 32)),
  constraint console_sessions_session_id_form CHECK ((session_id ~ '^[0-9a-f]{32}$'::text))
);
CREATE INDEX console_sessions_of_key ON ledger.console_sessions USING btree (app, key_id, created_at);
comment on table ledger.console_sessions is 'Browsers that are signed in to the console with an API key. What a browser shows is kept as a hash: who reads this table cannot sign in.';
comment on column ledger.console_sessions.app is 'The app that the key speaks for.';
comment on column ledger.console_sessions.session_id is 'The cookie''s public part.';
comment on column ledger.console_sessions.secret_sha256 is 'SHA-256 of the cookie''s secret part, which is random and too long to guess.';
comment on column ledger.console_sessions.key_id is 'The key that was shown; once it is revoked the session is worth nothing.';
comment on column ledger.console_sessions.created_at is 'When it was shown.';
comment on column ledger.console_sessions.expires_at is 'Until when the session is good.';
grant select on ledger.console_sessions to pushledger_writer;

create table ledger.detached_ids (
  app text collate "C" not null,
  event_id uuid not null,
  "position" bigint not null,
  constraint detached_ids_pk PRIMARY KEY (app, event_id),
  constraint detached_ids_app FOREIGN KEY (app) REFERENCES ledger.apps(app)
);
comment on table ledger.detached_ids is 'Ids of detached events, so that one that comes again is still stored once.';
comment on column ledger.detached_ids.app is 'The app.';
comment on column ledger.detached_ids.event_id is 'The event''s id, the caller''s.';
comment on column ledger.detached_ids."position" is 'Its place in the ledger.';

create table ledger.events (
  app text collate "C" not null,
  "position" bigint not null,
  event_id uuid not null,
  type text collate "C" not null,
  schema smallint not null,
  stream text collate "C" not null,
  occurred_at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  data jsonb not null,
  content json,
  content_sha256 bytea,
  digest bytea not null,
  constraint events_pk PRIMARY KEY (app, "position"),
  constraint events_event_id UNIQUE (app, event_id),
  constraint events_data_object CHECK ((jsonb_typeof(data) = 'object'::text)),
  constraint events_schema_range CHECK ((schema >= 1)),
  constraint events_stream_bytes CHECK (((octet_length(stream) >= 1) AND (octet_length(stream) <= 300))),
  constraint events_type_bytes CHECK (((octet_length(type) >= 1) AND (octet_length(type) <= 64)))
);
CREATE INDEX events_broadcasts ON ledger.events USING btree (app, "position") WHERE (type = 'broadcast.started'::text);
CREATE INDEX events_devices ON ledger.events USING btree (app, ((data ->> 'user'::text)), type, "position") WHERE (type = ANY (ARRAY['device.registered'::text, 'device.logged_in'::text]));
CREATE INDEX events_erasures ON ledger.events USING btree (app, "position") WHERE (type = 'content.erased'::text);
CREATE INDEX events_facts ON ledger.events USING btree (app, stream, "position") WHERE (type = ANY (ARRAY['user.updated'::text, 'user.deleted'::text, 'group.updated'::text, 'group.dissolved'::text, 'conversation.receive_changed'::text, 'conversation.unread_set'::text, 'device.logged_in'::text, 'device.registered'::text, 'device.settings_changed'::text, 'device.unregistered'::text, 'device.token_invalidated'::text, 'device.logged_out'::text, 'device.offline'::text]));
CREATE INDEX events_members ON ledger.events USING btree (app, ((data ->> 'user'::text)), stream, "position") WHERE (type = ANY (ARRAY['group.member_added'::text, 'group.receive_changed'::text, 'group.member_removed'::text]));
CREATE INDEX events_online_only ON ledger.events USING btree (app, "position") WHERE ((type = 'message.sent'::text) AND ((data -> 'online_only'::text) = 'true'::jsonb));
CREATE INDEX events_stream ON ledger.events USING btree (app, stream, "position");
CREATE INDEX events_tokens ON ledger.events USING gin (jsonb_path_query_array(data, 'strict $.**."token_sha256"'::jsonpath)) WITH (fastupdate=off) WHERE (type = 'device.registered'::text);
CREATE TRIGGER events_are_archived AFTER DELETE ON ledger.events REFERENCING OLD TABLE AS rows_before FOR EACH STATEMENT EXECUTE FUNCTION ledger.keep_unarchived();
CREATE TRIGGER events_are_kept AFTER UPDATE ON ledger.events REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after FOR EACH STATEMENT EXECUTE FUNCTION ledger.keep_events();
CREATE TRIGGER events_never_change BEFORE TRUNCATE ON ledger.events FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
comment on table ledger.events is 'Every fact of every app, in the order of its app''s ledger. Never changed but for content that ledger.erase takes away.';
comment on column ledger.events.app is 'The app whose ledger it is in.';
comment on column ledger.events."position" is 'Its place there: 1, 2, 3 and so on without a gap.';
comment on column ledger.events.event_id is 'Its id, the caller''s: stored once in an app.';
comment on column ledger.events.type is 'What happened, such as message.sent.';
comment on column ledger.events.schema is 'Version of the form of data, from 1.';
comment on column ledger.events.stream is 'Whose history it belongs to, such as message/42.';
comment on column ledger.events.occurred_at is 'When it happened, by the caller''s clock.';
comment on column ledger.events.recorded_at is 'When it was committed; never goes back within an app.';
comment on column ledger.events.data is 'The facts that decisions need. No personal text.';
comment on column ledger.events.content is 'What a person wrote or can be known by; null where there is none, or where it was erased.';
comment on column ledger.events.content_sha256 is 'SHA-256 of content''s text; stays when content is erased; null where there never was any.';
comment on column ledger.events.digest is 'SHA-256 over the event, with content_sha256 in place of content. See sql/functions/append.sql.';
grant select on ledger.events to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_writer;

create table ledger.heads (
  app text collate "C" not null,
  "position" bigint not null,
  commit_number bigint not null,
  chain bytea not null,
  recorded_at timestamp with time zone not null,
  constraint heads_pk PRIMARY KEY (app),
  constraint heads_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint heads_chain_length CHECK ((octet_length(chain) = 32)),
  constraint heads_commit_number_range CHECK ((commit_number >= 0)),
  constraint heads_position_range CHECK (("position" >= 0))
) with (autovacuum_vacuum_threshold = 1000, fillfactor = 20);
comment on table ledger.heads is 'Where each app''s ledger ends. Its row is locked by an append until that commits.';
comment on column ledger.heads.app is 'The app.';
comment on column ledger.heads."position" is 'Position of its last event; 0 before the first.';
comment on column ledger.heads.commit_number is 'Number of its last commit; 0 before the first.';
comment on column ledger.heads.chain is 'Hash chain at the last commit; before the first the SHA-256 of the app''s name.';
comment on column ledger.heads.recorded_at is 'Time of the last commit.';
grant select on ledger.heads to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_writer;

create table ledger.installed (
  kind text collate "C" not null,
  name text collate "C" not null,
  sha256 bytea not null,
  installed_at timestamp with time zone not null,
  constraint installed_pk PRIMARY KEY (kind, name),
  constraint installed_kind_known CHECK ((kind = ANY (ARRAY['function'::text, 'view'::text, 'grant'::text]))),
  constraint installed_sha256_length CHECK ((octet_length(sha256) = 32))
);
comment on table ledger.installed is 'The functions, views and grants of this database; one that changed is installed again.';
comment on column ledger.installed.kind is 'function, view or grant.';
comment on column ledger.installed.name is 'The file''s name in sql/functions, views or grants.';
comment on column ledger.installed.sha256 is 'Checksum of the file as it was installed.';
comment on column ledger.installed.installed_at is 'When it was last installed.';
grant select on ledger.installed to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_writer;

create table ledger.migrations (
  number integer not null,
  name text collate "C" not null,
  sha256 bytea not null,
  applied_at timestamp with time zone not null,
  constraint migrations_pk PRIMARY KEY (number),
  constraint migrations_sha256_length CHECK ((octet_length(sha256) = 32))
);
comment on table ledger.migrations is 'The migrations applied to this database.';
comment on column ledger.migrations.number is 'Place in the order of application, from 1.';
comment on column ledger.migrations.name is 'The file''s name in sql/migrations.';
comment on column ledger.migrations.sha256 is 'Checksum of the file as it was applied.';
comment on column ledger.migrations.applied_at is 'When it was applied.';
grant select on ledger.migrations to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_writer;

create table ledger.projections (
  projection text collate "C" not null,
  schema_name text collate "C" not null,
  late_indexes text[] not null default '{}'::text[],
  created_at timestamp with time zone not null,
  description text not null default ''::text,
  types text[],
  batch_events integer not null default 1000,
  fold_sql text,
  constraint projections_pk PRIMARY KEY (projection),
  constraint projections_schema_name UNIQUE (schema_name),
  constraint projections_batch_events_range CHECK (((batch_events >= 1) AND (batch_events <= 10000))),
  constraint projections_description_bytes CHECK ((octet_length(description) <= 1024)),
  constraint projections_fold_sql_bytes CHECK ((octet_length(fold_sql) <= 1048576)),
  constraint projections_projection_form CHECK ((projection ~ '^[a-z][a-z0-9_]{0,39}$'::text))
);
comment on table ledger.projections is 'What is derived from the events, each by a fold of its own.';
comment on column ledger.projections.projection is 'Its name.';
comment on column ledger.projections.schema_name is 'Where the tables are that serve.';
comment on column ledger.projections.late_indexes is 'Indexes and keys that folding can begin without: a rebuild makes them late.';
comment on column ledger.projections.created_at is 'Since when it is there.';
comment on column ledger.projections.description is 'What it shows, in its author''s words.';
comment on column ledger.projections.types is 'The types of events it folds; null: all.';
comment on column ledger.projections.batch_events is 'Events folded in one transaction at most.';
comment on column ledger.projections.fold_sql is 'The SQL that makes its tables and its fold; null: it is built in.';
grant select on ledger.projections to pushledger_dispatcher, pushledger_reactor, pushledger_writer;
grant select, update on ledger.projections to pushledger_projector;

create table ledger.provider_credentials (
  app text collate "C" not null,
  provider text collate "C" not null,
  credential_id text collate "C" not null,
  topics text[] not null default '{}'::text[],
  environment text collate "C",
  settings jsonb not null default '{}'::jsonb,
  sealed bytea not null,
  key_id text collate "C" not null,
  created_at timestamp with time zone not null,
  constraint provider_credentials_pk PRIMARY KEY (app, provider, credential_id),
  constraint provider_credentials_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint provider_credentials_environment_known CHECK ((environment = ANY (ARRAY['production'::text, 'sandbox'::text]))),
  constraint provider_credentials_id_form CHECK ((credential_id ~ '^[0-9A-Za-z._-]{1,128}$'::text)),
  constraint provider_credentials_key_id_form CHECK ((key_id ~ '^[0-9a-f]{16}$'::text)),
  constraint provider_credentials_provider_known CHECK ((provider = ANY (ARRAY['apns'::text, 'fcm'::text, 'huawei'::text, 'honor'::text, 'xiaomi'::text, 'oppo'::text, 'vivo'::text, 'meizu'::text, 'webpush'::text, 'callback'::text]))),
  constraint provider_credentials_sealed_bytes CHECK (((octet_length(sealed) >= 30) AND (octet_length(sealed) <= 65565))),
  constraint provider_credentials_settings_object CHECK ((jsonb_typeof(settings) = 'object'::text))
);
CREATE TRIGGER credentials_are_announced AFTER INSERT OR DELETE OR UPDATE ON ledger.provider_credentials FOR EACH ROW EXECUTE FUNCTION ledger.announce_credentials();
comment on table ledger.provider_credentials is 'What the dispatcher signs in to push providers with. The secrets are sealed under a master key that stands nowhere in the database; even so they are for the dispatcher''s role only.';
comment on column ledger.provider_credentials.app is 'The app whose pushes it sends.';
comment on column ledger.provider_credentials.provider is 'The push provider, such as apns.';
comment on column ledger.provider_credentials.credential_id is 'Its name, unique in the provider.';
comment on column ledger.provider_credentials.topics is 'The topics (bundle ids, package names) it is good for; empty: all.';
comment on column ledger.provider_credentials.environment is 'production or sandbox where it is good for one only; null: both.';
comment on column ledger.provider_credentials.settings is 'What else is needed and is no secret, such as team_id, key_id, host.';
comment on column ledger.provider_credentials.sealed is 'The private key or certificate, sealed with AES-256-GCM: the version 1 in one byte, a nonce of 12 bytes, the ciphertext, a tag of 16. Bound to app, provider and credential_id, with a zero byte between them: on another row it does not open.';
comment on column ledger.provider_credentials.key_id is 'Which master key opens it: the first 16 hexadecimal digits of that key''s SHA-256.';
comment on column ledger.provider_credentials.created_at is 'When it was added.';
grant select on ledger.provider_credentials to pushledger_dispatcher;
grant select (app, provider, credential_id, topics, environment, settings, key_id, created_at) on ledger.provider_credentials to pushledger_projector, pushledger_writer;

create table ledger.rebuilds (
  projection text collate "C" not null,
  started_at timestamp with time zone not null,
  indexed_at timestamp with time zone,
  types text[],
  fold_sql text,
  constraint rebuilds_pk PRIMARY KEY (projection),
  constraint rebuilds_projection FOREIGN KEY (projection) REFERENCES ledger.projections(projection)
);
comment on table ledger.rebuilds is 'Projections that are being rebuilt beside.';
comment on column ledger.rebuilds.projection is 'Which.';
comment on column ledger.rebuilds.started_at is 'When its tables were made.';
comment on column ledger.rebuilds.indexed_at is 'When the indexes that folding needs not were made; null before.';
comment on column ledger.rebuilds.types is 'The types of events that are folded; null: all.';
comment on column ledger.rebuilds.fold_sql is 'The SQL that made what is being built, and serves after the swap; null: it is built in.';
grant select on ledger.rebuilds to pushledger_dispatcher, pushledger_reactor, pushledger_writer;
grant select, update on ledger.rebuilds to pushledger_projector;

create table ledger.receipt_doors (
  token_sha256 bytea not null,
  app text collate "C" not null,
  provider text collate "C" not null,
  credential_id text collate "C" not null,
  created_at timestamp with time zone not null,
  constraint receipt_doors_pk PRIMARY KEY (token_sha256),
  constraint receipt_doors_credential FOREIGN KEY (app, provider, credential_id) REFERENCES ledger.provider_credentials(app, provider, credential_id) ON DELETE CASCADE,
  constraint receipt_doors_token_length CHECK ((octet_length(token_sha256) = 32))
);
CREATE UNIQUE INDEX receipt_doors_of_credential ON ledger.receipt_doors USING btree (app, provider, credential_id);
comment on table ledger.receipt_doors is 'The addresses that push providers report to, one for a credential. The address itself is kept nowhere.';
comment on column ledger.receipt_doors.token_sha256 is 'SHA-256 of the secret at the end of the address.';
comment on column ledger.receipt_doors.app is 'Whose pushes are reported on.';
comment on column ledger.receipt_doors.provider is 'Which provider reports.';
comment on column ledger.receipt_doors.credential_id is 'What the pushes were sent with.';
comment on column ledger.receipt_doors.created_at is 'When the address was made.';
grant select on ledger.receipt_doors to pushledger_writer;

create table ledger.subscriptions (
  app text collate "C" not null,
  name text collate "C" not null,
  types text[],
  started_after bigint not null,
  "position" bigint not null,
  handed_out bigint not null,
  epoch bigint not null,
  consumer text collate "C",
  leased_until timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint subscriptions_pk PRIMARY KEY (app, name),
  constraint subscriptions_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint subscriptions_consumer_form CHECK ((consumer ~ '^[A-Za-z0-9._-]{1,64}$'::text)),
  constraint subscriptions_lease_whole CHECK (((consumer IS NULL) = (leased_until IS NULL))),
  constraint subscriptions_name_form CHECK ((name ~ '^[A-Za-z0-9._-]{1,64}$'::text)),
  constraint subscriptions_position_order CHECK ((("position" >= started_after) AND (handed_out >= "position"))),
  constraint subscriptions_started_after_range CHECK ((started_after >= 0))
) with (fillfactor = 50);
comment on table ledger.subscriptions is 'Places from which programs follow the events, kept for them: one consumer at a time.';
comment on column ledger.subscriptions.app is 'The app whose ledger is followed.';
comment on column ledger.subscriptions.name is 'Its name, unique in the app.';
comment on column ledger.subscriptions.types is 'The types of events that are given; null: all.';
comment on column ledger.subscriptions.started_after is 'The position after which it began.';
comment on column ledger.subscriptions."position" is 'Its checkpoint: what is up to here was acknowledged, and does not come again.';
comment on column ledger.subscriptions.handed_out is 'The last position given to the consumer: it may acknowledge up to here.';
comment on column ledger.subscriptions.epoch is 'Counts the leases, from the milliseconds at which it was created: who holds an older one, or one of a subscription of this name that was deleted, can acknowledge nothing.';
comment on column ledger.subscriptions.consumer is 'Who reads it, in their own words; null while nobody does.';
comment on column ledger.subscriptions.leased_until is 'Until when no other consumer is let in; null while nobody reads.';
comment on column ledger.subscriptions.created_at is 'When it was created.';
comment on column ledger.subscriptions.updated_at is 'When its checkpoint moved.';
grant delete, select, update on ledger.subscriptions to pushledger_writer;

create table ledger.tencent_apps (
  sdkappid bigint not null,
  app text collate "C" not null,
  secret_key text not null,
  administrators text[] not null,
  created_at timestamp with time zone not null,
  constraint tencent_apps_pk PRIMARY KEY (sdkappid),
  constraint tencent_apps_app FOREIGN KEY (app) REFERENCES ledger.apps(app),
  constraint tencent_apps_administrators_count CHECK (((cardinality(administrators) >= 1) AND (cardinality(administrators) <= 100))),
  constraint tencent_apps_sdkappid_range CHECK ((sdkappid > 0)),
  constraint tencent_apps_secret_key_bytes CHECK (((octet_length(secret_key) >= 1) AND (octet_length(secret_key) <= 1024)))
);
comment on table ledger.tencent_apps is 'SDKAppIDs under which an app takes requests of Tencent IM''s server API.';
comment on column ledger.tencent_apps.sdkappid is 'The SDKAppID.';
comment on column ledger.tencent_apps.app is 'The app whose ledger it is.';
comment on column ledger.tencent_apps.secret_key is 'What UserSigs are made with; readable by the role that checks them only.';
comment on column ledger.tencent_apps.administrators is 'Identifiers that may send requests.';
comment on column ledger.tencent_apps.created_at is 'When it was added.';
grant select on ledger.tencent_apps to pushledger_reactor, pushledger_writer;

create table ledger.tencent_webhooks (
  sdkappid bigint not null,
  url text not null,
  token text,
  commands text[] not null,
  allows_private boolean not null,
  created_at timestamp with time zone not null,
  constraint tencent_webhooks_pk PRIMARY KEY (sdkappid),
  constraint tencent_webhooks_sdkappid FOREIGN KEY (sdkappid) REFERENCES ledger.tencent_apps(sdkappid) ON DELETE CASCADE,
  constraint tencent_webhooks_commands_count CHECK (((cardinality(commands) >= 1) AND (cardinality(commands) <= 20))),
  constraint tencent_webhooks_token_bytes CHECK (((octet_length(token) >= 1) AND (octet_length(token) <= 256))),
  constraint tencent_webhooks_url_bytes CHECK (((octet_length(url) >= 1) AND (octet_length(url) <= 2048)))
);
comment on table ledger.tencent_webhooks is 'Where a backend of Tencent IM wants to be told what happened.';
comment on column ledger.tencent_webhooks.sdkappid is 'The SDKAppID.';
comment on column ledger.tencent_webhooks.url is 'What is called.';
comment on column ledger.tencent_webhooks.token is 'What a call is signed with; null: it is not. Readable by the role that calls only.';
comment on column ledger.tencent_webhooks.commands is 'What is told, such as C2C.CallbackAfterSendMsg.';
comment on column ledger.tencent_webhooks.allows_private is 'True: it may be an address of this server''s own network.';
comment on column ledger.tencent_webhooks.created_at is 'When it was set.';
grant select on ledger.tencent_webhooks to pushledger_reactor;
grant select (sdkappid, commands) on ledger.tencent_webhooks to pushledger_writer;

create function ledger.add_projection(in_projection text, in_description text, in_types text[], in_batch_events integer, in_sql text)
  returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp;
comment on function ledger.add_projection(text, text, text[], integer, text) is 'Adds a projection, or begins to replace the one of this name. LG021, LG022, LG024, LG030.';

create function ledger.analyze_young()
  returns integer
  language plpgsql volatile security definer set search_path = pg_catalog set lock_timeout = 20ms;
comment on function ledger.analyze_young() is 'Gathers statistics of tables that have outgrown theirs; answers of how many.';
grant execute on function ledger.analyze_young() to pushledger_projector;

create function ledger.announce_credentials()
  returns trigger
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.announce_credentials() is 'Trigger of ledger.provider_credentials: wakes the dispatchers, which read them again.';

create function ledger.append(in_app text, event_ids uuid[], types text[], schemas smallint[], streams text[], occurred_ats timestamp with time zone[], datas jsonb[], contents json[], expected_stream text DEFAULT NULL::text, expected_position bigint DEFAULT NULL::bigint)
  returns bigint[]
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.append(text, uuid[], text[], smallint[], text[], timestamp with time zone[], jsonb[], json[], text, bigint) is 'Appends events to an app''s ledger, all or none. Answers their positions in the order given.';
grant execute on function ledger.append(text, uuid[], text[], smallint[], text[], timestamp with time zone[], jsonb[], json[], text, bigint) to pushledger_dispatcher, pushledger_reactor, pushledger_writer;

create function ledger.append_batch(in_app text, event_ids uuid[], types text[], schemas smallint[], streams text[], occurred_ats timestamp with time zone[], datas jsonb[], contents json[], expected_stream text, expected_position bigint, OUT positions bigint[], OUT head_before bigint)
  returns record
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.append_batch(text, uuid[], text[], smallint[], text[], timestamp with time zone[], jsonb[], json[], text, bigint) is 'Numbers events and stores them, all or none; says where the head was. See ledger.append.';
grant execute on function ledger.append_batch(text, uuid[], text[], smallint[], text[], timestamp with time zone[], jsonb[], json[], text, bigint) to pushledger_dispatcher, pushledger_reactor, pushledger_writer;

create function ledger.append_unchecked(in_app text, event_ids uuid[], types text[], schemas smallint[], streams text[], occurred_ats timestamp with time zone[], datas jsonb[], contents json[], expected_stream text, expected_position bigint, OUT positions bigint[], OUT head_before bigint)
  returns record
  language plpgsql volatile set search_path = pg_catalog set enable_seqscan = off set enable_sort = off set jit = off set plan_cache_mode = force_generic_plan;
comment on function ledger.append_unchecked(text, uuid[], text[], smallint[], text[], timestamp with time zone[], jsonb[], json[], text, bigint) is 'Numbers events and stores them, all or none; says where the head was.';

create function ledger.begin_detaching(in_app text, in_commit bigint, in_position bigint, in_chain bytea, in_folder text)
  returns void
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.begin_detaching(text, bigint, bigint, bytea, text) is 'Says that an app''s ledger stands in an archive, so that its messages may be detached. LG030, LG031.';

create function ledger.begin_rebuild(in_projection text)
  returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.begin_rebuild(text) is 'Makes a projection''s tables once more beside those that serve. LG030.';
grant execute on function ledger.begin_rebuild(text) to pushledger_projector;

create function ledger.begin_snapshot(in_app text)
  returns bigint
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.begin_snapshot(text) is 'Makes the tables for snapshots of the projection notifications, and an app''s checkpoint there.';

create function ledger.canonical_json(value jsonb)
  returns text
  language plpgsql immutable set search_path = pg_catalog;
comment on function ledger.canonical_json(jsonb) is 'One text for equal JSON: sorted keys, no spaces, ASCII. What fingerprints are taken of.';

create function ledger.check_erasures(in_app text, head_before bigint)
  returns void
  language plpgsql stable set search_path = pg_catalog;
comment on function ledger.check_erasures(text, bigint) is 'Looks whether the content that new events call erased is gone. LG006.';

create function ledger.check_field(value jsonb, field text, kind text, low bigint, bound bigint, choices text[])
  returns void
  language plpgsql stable set search_path = pg_catalog;
comment on function ledger.check_field(jsonb, text, text, bigint, bigint, text[]) is 'Holds one value of an event against one rule of ledger.event_rules; LG005 where it breaks it.';

create function ledger.check_projection(in_projection text)
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp;
comment on function ledger.check_projection(text) is 'Makes sure that a projection can do no more than change its own tables. LG021.';

create function ledger.close_session(in_session text)
  returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.close_session(text) is 'Signs a browser out of the console.';
grant execute on function ledger.close_session(text) to pushledger_writer;

create function ledger.complete_event(event jsonb, field text)
  returns jsonb
  language plpgsql stable set search_path = pg_catalog;
comment on function ledger.complete_event(jsonb, text) is 'Checks an event and answers its data, completed as the API''s door does it. LG005.';

create function ledger.complete_fallbacks(data jsonb, content jsonb, field text)
  returns jsonb
  language plpgsql stable set search_path = pg_catalog;
comment on function ledger.complete_fallbacks(jsonb, jsonb, text) is 'Checks the other ways of a device and answers the data, completed. LG005.';

create function ledger.complete_rebuild(in_projection text, in_names text[])
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.complete_rebuild(text, text[]) is 'Makes keys and indexes that a rebuild began without.';
grant execute on function ledger.complete_rebuild(text, text[]) to pushledger_projector;

create function ledger.complete_way(way jsonb, field text, token jsonb, token_field text)
  returns jsonb
  language plpgsql stable set search_path = pg_catalog;
comment on function ledger.complete_way(jsonb, text, jsonb, text) is 'Checks a way to a device and answers it completed, as the API''s door does it. LG005.';

create function ledger.copy_indexes(in_source text, in_target text, in_without text[])
  returns integer
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.copy_indexes(text, text, text[]) is 'Makes in one schema the indexes of another''s tables that it lacks.';

create function ledger.copy_rights(in_source text, in_target text)
  returns void
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.copy_rights(text, text) is 'Gives in one schema the rights that are given in another.';

create function ledger.copy_tables(in_source text, in_target text, in_comment text, in_without text[])
  returns void
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.copy_tables(text, text, text, text[]) is 'Makes a built-in projection''s tables once more, empty, in a schema of their own.';

create function ledger.create_app(new_app text)
  returns boolean
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.create_app(text) is 'Creates an app with default settings and an empty ledger; false where it was there already.';

create function ledger.detach(in_app text, in_span bigint, OUT swept bigint, OUT events bigint)
  returns record
  language plpgsql volatile set search_path = pg_catalog set jit = off;
comment on function ledger.detach(text, bigint) is 'Takes archived messages, and what became of them, out of the database. LG030.';

create function ledger.drop_rebuild(in_projection text)
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.drop_rebuild(text) is 'Gives a rebuild up: its tables and checkpoints go, what serves goes on.';
grant execute on function ledger.drop_rebuild(text) to pushledger_projector;

create function ledger.drop_served(in_projection text)
  returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog set client_min_messages = warning;
comment on function ledger.drop_served(text) is 'Removes the tables that served before a swap.';
grant execute on function ledger.drop_served(text) to pushledger_projector;

create function ledger.end_archive(in_app text)
  returns void
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.end_archive(text) is 'Says that all that was detached of an app''s ledger is back. LG030, LG031.';

create function ledger.erasable(in_app text, in_user text, in_message text, in_before bigint, in_known boolean, in_after bigint, in_through bigint, in_limit integer)
  returns TABLE("position" bigint, type text)
  language plpgsql stable set search_path = pg_catalog set jit = off;
comment on function ledger.erasable(text, text, text, bigint, boolean, bigint, bigint, integer) is 'The events of a stretch of a ledger whose content an erasure takes.';
grant execute on function ledger.erasable(text, text, text, bigint, boolean, bigint, bigint, integer) to pushledger_writer;

create function ledger.erase(in_app text, in_user text, in_message text, in_before timestamp with time zone, in_reason text, in_erasure uuid, in_upto bigint, INOUT said_after bigint, INOUT known_after bigint, OUT erased integer, OUT event_position bigint)
  returns record
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.erase(text, text, text, timestamp with time zone, text, uuid, bigint, bigint, bigint) is 'Takes the next content of an erasure out of a ledger and appends the event that says so.';
grant execute on function ledger.erase(text, text, text, timestamp with time zone, text, uuid, bigint, bigint, bigint) to pushledger_writer;

create function ledger.erase_content(in_app text, in_positions bigint[], in_data jsonb)
  returns bigint
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.erase_content(text, bigint[], jsonb) is 'Takes the content of events, and says so by an event.';

create function ledger.erase_projected(in_app text, in_schema text, in_checkpoint bigint, in_positions bigint[])
  returns void
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.erase_projected(text, text, bigint, bigint[]) is 'Takes what a projection''s tables copied of content that is erased.';

create function ledger.event_rules()
  returns TABLE(type text, path text[], kind text, required boolean, low bigint, bound bigint, choices text[])
  language sql immutable set search_path = pg_catalog;
comment on function ledger.event_rules() is 'What each type of event may hold, field by field: the table behind pushledger.append.';

create function ledger.event_stream(type text, data jsonb)
  returns text
  language sql immutable set search_path = pg_catalog;
comment on function ledger.event_stream(text, jsonb) is 'The stream that an event belongs to, by its type and its data''s ids.';

create function ledger.fold_projection(in_projection text, in_app text, in_beside boolean, in_owner text, in_limit integer, OUT progress text, OUT reached bigint)
  returns record
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp;
comment on function ledger.fold_projection(text, text, boolean, text, integer) is 'Folds one batch of an app''s events into a projection that was added. LG023.';
grant execute on function ledger.fold_projection(text, text, boolean, text, integer) to pushledger_projector;

create function ledger.hand_over_checkpoints(in_projection text)
  returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp;
comment on function ledger.hand_over_checkpoints(text) is 'Ends a rebuild: its checkpoints become those of what serves.';

create function ledger.has_runner(in_projection text)
  returns boolean
  language sql stable set search_path = pg_catalog, pg_temp;
comment on function ledger.has_runner(text) is 'Whether the function that runs a projection''s SQL is there as it should be.';

create function ledger.index_rebuild(in_projection text)
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.index_rebuild(text) is 'Makes the indexes that a rebuild''s folding did without.';
grant execute on function ledger.index_rebuild(text) to pushledger_projector;

create function ledger.is_detachable(in_type text)
  returns boolean
  language sql immutable set search_path = pg_catalog;
comment on function ledger.is_detachable(text) is 'Whether events of a type may be detached once they are archived.';

create function ledger.keep_events()
  returns trigger
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.keep_events() is 'Trigger of ledger.events: refuses every update but that of content to null, where the app''s newest content.erased names the position and nothing else changes. LG010.';

create function ledger.keep_unarchived()
  returns trigger
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.keep_unarchived() is 'Trigger of ledger.events: refuses to delete what ledger.detach may not take out. LG010.';

create function ledger.lay_tables(in_projection text, in_schema text, in_sql text)
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set client_min_messages = warning;
comment on function ledger.lay_tables(text, text, text) is 'Makes the schema of a projection that was added, and runs its SQL there. LG021, LG022.';

create function ledger.make_runner(in_projection text)
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp;
comment on function ledger.make_runner(text) is 'Makes a projection''s role, and the function by which its SQL is run. LG022.';

create function ledger.message_facts(content jsonb, field text)
  returns jsonb
  language plpgsql stable set search_path = pg_catalog;
comment on function ledger.message_facts(jsonb, text) is 'What decisions need of a message''s content; checks its elements. LG005.';

create function ledger.open_session(in_app text, in_key text, in_session text, in_secret bytea, in_seconds bigint, in_limit bigint)
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.open_session(text, text, text, bytea, bigint, bigint) is 'Signs a browser in to the console with an API key.';
grant execute on function ledger.open_session(text, text, text, bytea, bigint, bigint) to pushledger_writer;

create function ledger.plan_archive(in_app text, in_archived bigint, OUT "position" bigint, OUT held_by text)
  returns record
  language plpgsql stable set search_path = pg_catalog;
comment on function ledger.plan_archive(text, bigint) is 'Up to where an app''s messages can be detached, and what keeps more from it.';

create function ledger.read_moment(moment text, field text)
  returns timestamp with time zone
  language plpgsql stable set search_path = pg_catalog;
comment on function ledger.read_moment(text, text) is 'Reads an RFC 3339 time; LG005 where it is none.';

create function ledger.rebuilt_schema(in_projection text)
  returns text
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.rebuilt_schema(text) is 'The serving schema of a projection that is being rebuilt.';

create function ledger.refuse_change()
  returns trigger
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.refuse_change() is 'Trigger of ledger.events and ledger.commits: refuses update, delete and truncate. LG010.';

create function ledger.refuse_event(event_id uuid)
  returns bytea
  language plpgsql immutable set search_path = pg_catalog;
comment on function ledger.refuse_event(uuid) is 'Raises LG003: the event is too large.';

create function ledger.refuse_field(field text, problem text)
  returns void
  language plpgsql immutable set search_path = pg_catalog;
comment on function ledger.refuse_field(text, text) is 'Raises LG005: a field is not as docs/events.md says.';

create function ledger.remove_projection(in_projection text)
  returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp set client_min_messages = warning;
comment on function ledger.remove_projection(text) is 'Removes a projection that was added, with its tables and checkpoints. LG024.';

create function ledger.require_whole(in_projection text)
  returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp;
comment on function ledger.require_whole(text) is 'Makes sure that no app''s messages are detached before a projection is made anew. LG030.';

create function ledger.restore_commit(in_app text, in_number bigint, in_first bigint, in_recorded_at timestamp with time zone, in_chain bytea, event_ids uuid[], types text[], schemas smallint[], streams text[], occurred_ats timestamp with time zone[], datas jsonb[], contents json[], content_hashes bytea[])
  returns void
  language plpgsql volatile set search_path = pg_catalog set jit = off;
comment on function ledger.restore_commit(text, bigint, bigint, timestamp with time zone, bytea, uuid[], text[], smallint[], text[], timestamp with time zone[], jsonb[], json[], bytea[]) is 'Puts one archived commit back at the end of an app''s ledger, as it was.';

create function ledger.restore_detached(in_app text, in_number bigint, in_first bigint, in_recorded_at timestamp with time zone, in_chain bytea, event_ids uuid[], types text[], schemas smallint[], streams text[], occurred_ats timestamp with time zone[], datas jsonb[], contents json[], content_hashes bytea[])
  returns bigint
  language plpgsql volatile set search_path = pg_catalog set jit = off;
comment on function ledger.restore_detached(text, bigint, bigint, timestamp with time zone, bytea, uuid[], text[], smallint[], text[], timestamp with time zone[], jsonb[], json[], bytea[]) is 'Puts the detached events of one archived commit back in their places. LG007.';

create function ledger.runner_body()
  returns text
  language sql immutable set search_path = pg_catalog, pg_temp;
comment on function ledger.runner_body() is 'What the runner of a projection does.';

create function ledger.snapshot_badge(in_app text, in_user text, in_device text)
  returns bigint
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp;
comment on function ledger.snapshot_badge(text, text, text) is 'What a device''s icon showed where its app''s snapshot is; null: not known.';
grant execute on function ledger.snapshot_badge(text, text, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_writer;

create function ledger.store_events(in_app text, head_before bigint, moment timestamp with time zone, event_ids uuid[], types text[], schemas smallint[], streams text[], occurred_ats timestamp with time zone[], datas jsonb[], contents json[])
  returns bytea
  language plpgsql volatile set search_path = pg_catalog set jit = off set plan_cache_mode = force_generic_plan;
comment on function ledger.store_events(text, bigint, timestamp with time zone, uuid[], text[], smallint[], text[], timestamp with time zone[], jsonb[], json[]) is 'Inserts events and makes their digests.';

create function ledger.subscribe(in_app text, in_name text, in_types text[], in_after bigint, in_most integer)
  returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp;
comment on function ledger.subscribe(text, text, text[], bigint, integer) is 'Creates a subscription of an app''s events.';
grant execute on function ledger.subscribe(text, text, text[], bigint, integer) to pushledger_writer;

create function ledger.swap_projection(in_projection text)
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp;
comment on function ledger.swap_projection(text) is 'Lets what was built beside serve, of a projection that was added. LG020.';
grant execute on function ledger.swap_projection(text) to pushledger_projector;

create function ledger.swap_rebuild(in_projection text)
  returns void
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function ledger.swap_rebuild(text) is 'Lets what was rebuilt beside serve, in place of what served. LG020.';
grant execute on function ledger.swap_rebuild(text) to pushledger_projector;

create function ledger.take_content(in_app text, in_positions bigint[])
  returns void
  language plpgsql volatile set search_path = pg_catalog;
comment on function ledger.take_content(text, bigint[]) is 'Takes the content of events that an event says is erased, and its copies.';

create schema notifications_v1;
comment on schema notifications_v1 is 'Projection notifications, version 1: who has how much unread, and what became of every delivery.';
grant usage on schema notifications_v1 to pushledger_dispatcher, pushledger_projector, pushledger_reactor;

create table notifications_v1.attempts (
  app text collate "C" not null,
  "position" bigint not null,
  delivery_id uuid not null,
  attempt integer not null,
  provider text collate "C" not null,
  outcome text collate "C" not null,
  status integer,
  reason text collate "C",
  provider_message_id text,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone not null,
  retry_at timestamp with time zone,
  dispatcher text,
  fenced boolean not null,
  constraint attempts_pkey PRIMARY KEY (app, "position")
);
CREATE INDEX attempts_delivery ON notifications_v1.attempts USING btree (delivery_id, app);
CREATE INDEX attempts_provider ON notifications_v1.attempts USING btree (app, provider_message_id) WHERE (provider_message_id IS NOT NULL);
comment on table notifications_v1.attempts is 'Every try at a delivery, with what was answered.';
comment on column notifications_v1.attempts.app is 'The app.';
comment on column notifications_v1.attempts."position" is 'The place of its push.attempted in the ledger.';
comment on column notifications_v1.attempts.delivery_id is 'The delivery.';
comment on column notifications_v1.attempts.attempt is 'Its number, from 1.';
comment on column notifications_v1.attempts.provider is 'The channel.';
comment on column notifications_v1.attempts.outcome is 'accepted, retry, rejected, token_invalid, expired or unknown.';
comment on column notifications_v1.attempts.status is 'The HTTP status, where one came.';
comment on column notifications_v1.attempts.reason is 'The provider''s reason, or ours.';
comment on column notifications_v1.attempts.provider_message_id is 'The provider''s id of the push.';
comment on column notifications_v1.attempts.started_at is 'When it was sent.';
comment on column notifications_v1.attempts.finished_at is 'When the outcome was known.';
comment on column notifications_v1.attempts.retry_at is 'When the next try is planned.';
comment on column notifications_v1.attempts.dispatcher is 'Which dispatcher sent it.';
comment on column notifications_v1.attempts.fenced is 'True: its lane had been taken over before it was recorded.';
grant insert, select, update on notifications_v1.attempts to pushledger_projector;

create table notifications_v1.conversations (
  app text collate "C" not null,
  conversation text collate "C" not null,
  group_id text collate "C",
  first_user text collate "C",
  second_user text collate "C",
  name text,
  kind text,
  owner text collate "C",
  sequence bigint not null,
  constraint conversations_pkey PRIMARY KEY (app, conversation)
);
CREATE INDEX conversations_group ON notifications_v1.conversations USING btree (app, group_id) WHERE (group_id IS NOT NULL);
comment on table notifications_v1.conversations is 'A group, or the talk of two users. A message that counts for all moves one number here.';
comment on column notifications_v1.conversations.app is 'The app.';
comment on column notifications_v1.conversations.conversation is 'group/<id>, or pair/<user>/<user> in the order of their bytes; / and % percent-encoded.';
comment on column notifications_v1.conversations.group_id is 'The group; null for a pair.';
comment on column notifications_v1.conversations.first_user is 'The pair''s first user.';
comment on column notifications_v1.conversations.second_user is 'The pair''s second user.';
comment on column notifications_v1.conversations.name is 'The group''s name.';
comment on column notifications_v1.conversations.kind is 'What kind of group it is, in the chat backend''s words.';
comment on column notifications_v1.conversations.owner is 'The group''s owner.';
comment on column notifications_v1.conversations.sequence is 'Messages so far that count as unread for all members.';
grant insert, select, update on notifications_v1.conversations to pushledger_projector;

create table notifications_v1.deliveries (
  app text collate "C" not null,
  delivery_id uuid not null,
  "position" bigint not null,
  conversation text collate "C" not null,
  user_id text collate "C" not null,
  device_id text collate "C",
  platform text collate "C",
  app_version text,
  provider text collate "C",
  lane smallint,
  status text collate "C" not null,
  reason text collate "C",
  badge bigint,
  sound text,
  attempts integer not null default 0,
  decided_at timestamp with time zone not null,
  first_attempt_at timestamp with time zone,
  ended_at timestamp with time zone,
  delivered_at timestamp with time zone,
  opened_at timestamp with time zone,
  not_shown_at timestamp with time zone,
  not_shown_reason text collate "C",
  due_position bigint,
  constraint deliveries_pkey PRIMARY KEY (delivery_id, app)
);
CREATE INDEX deliveries_due ON notifications_v1.deliveries USING btree (hashtext(user_id), hashtext(conversation), "position") WHERE (status = 'due'::text);
CREATE INDEX deliveries_failed ON notifications_v1.deliveries USING btree (app, "position") WHERE (status = ANY (ARRAY['rejected'::text, 'token_invalid'::text, 'expired'::text]));
CREATE INDEX deliveries_position ON notifications_v1.deliveries USING btree (app, "position");
CREATE INDEX deliveries_suppressed ON notifications_v1.deliveries USING btree (app, user_id, "position") INCLUDE (reason) WHERE (status = 'suppressed'::text);
CREATE INDEX deliveries_user ON notifications_v1.deliveries USING btree (user_id, app, "position");
comment on table notifications_v1.deliveries is 'One message and one device (or recipient), what was decided and what became of it.';
comment on column notifications_v1.deliveries.app is 'The app.';
comment on column notifications_v1.deliveries.delivery_id is 'UUID version 5 of app, message, user and device: the same in every rebuild.';
comment on column notifications_v1.deliveries."position" is 'The message''s place in the ledger.';
comment on column notifications_v1.deliveries.conversation is 'The message''s conversation: a read mark calls off what is due of it.';
comment on column notifications_v1.deliveries.user_id is 'The recipient.';
comment on column notifications_v1.deliveries.device_id is 'The device; null where the decision concerns the recipient.';
comment on column notifications_v1.deliveries.platform is 'What the device was when it was decided; null where it concerns the recipient.';
comment on column notifications_v1.deliveries.app_version is 'The app''s version on it then; null where it was not told.';
comment on column notifications_v1.deliveries.provider is 'The channel that it goes, or was to go last; null where suppressed.';
comment on column notifications_v1.deliveries.lane is 'The dispatcher''s lane; null where suppressed.';
comment on column notifications_v1.deliveries.status is 'suppressed, due, cancelled, expired, rejected, token_invalid or accepted.';
comment on column notifications_v1.deliveries.reason is 'Why it was suppressed, cancelled or refused.';
comment on column notifications_v1.deliveries.badge is 'The number it carries.';
comment on column notifications_v1.deliveries.sound is 'The sound; null: none.';
comment on column notifications_v1.deliveries.attempts is 'Attempts recorded.';
comment on column notifications_v1.deliveries.decided_at is 'When the message was committed.';
comment on column notifications_v1.deliveries.first_attempt_at is 'Start of the first attempt.';
comment on column notifications_v1.deliveries.ended_at is 'When it was accepted, refused or cancelled.';
comment on column notifications_v1.deliveries.delivered_at is 'When the app or the provider saw it arrive.';
comment on column notifications_v1.deliveries.opened_at is 'When the user opened it.';
comment on column notifications_v1.deliveries.not_shown_at is 'When the provider found that it was not shown.';
comment on column notifications_v1.deliveries.not_shown_reason is 'Why, in the provider''s code; null where nobody said so.';
comment on column notifications_v1.deliveries.due_position is 'The attempt after which another way was tried, its place among what is due; null: the message.';
grant insert, select, update on notifications_v1.deliveries to pushledger_projector;
grant select on notifications_v1.deliveries to pushledger_dispatcher;

create table notifications_v1.devices (
  app text collate "C" not null,
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  platform text collate "C" not null,
  provider text collate "C",
  token_sha256 text collate "C",
  token text,
  topic text,
  credential_id text collate "C",
  environment text collate "C" not null,
  app_version text,
  locale text,
  push boolean,
  c2c_sound text,
  group_sound text,
  video_sound text,
  activity text collate "C",
  badge bigint not null,
  token_valid boolean not null,
  logged_out boolean not null,
  kicked_at bigint,
  offline boolean not null,
  active_at timestamp with time zone not null,
  registered_at timestamp with time zone not null,
  constraint devices_pkey PRIMARY KEY (app, user_id, device_id)
);
CREATE INDEX devices_active ON notifications_v1.devices USING btree (app, active_at) WHERE ((NOT logged_out) AND (NOT offline));
CREATE INDEX devices_device ON notifications_v1.devices USING btree (app, device_id);
CREATE INDEX devices_token ON notifications_v1.devices USING btree (app, provider, token_sha256);
comment on table notifications_v1.devices is 'A device of a user, with the token it holds now.';
comment on column notifications_v1.devices.app is 'The app.';
comment on column notifications_v1.devices.user_id is 'Whose device it is.';
comment on column notifications_v1.devices.device_id is 'The device, unique for its user.';
comment on column notifications_v1.devices.platform is 'ios, ipad, android, harmony, web, windows, mac, linux or other.';
comment on column notifications_v1.devices.provider is 'The channel its pushes go through; null until a token is registered.';
comment on column notifications_v1.devices.token_sha256 is 'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column notifications_v1.devices.token is 'The token itself, read by the dispatcher alone; null once erased.';
comment on column notifications_v1.devices.topic is 'The app''s topic, such as a bundle id.';
comment on column notifications_v1.devices.credential_id is 'The credential that the token belongs to; null: any that fits.';
comment on column notifications_v1.devices.environment is 'production or sandbox.';
comment on column notifications_v1.devices.app_version is 'The client''s version.';
comment on column notifications_v1.devices.locale is 'The client''s language.';
comment on column notifications_v1.devices.push is 'False: this device wants no push.';
comment on column notifications_v1.devices.c2c_sound is 'Sound for one-to-one messages.';
comment on column notifications_v1.devices.group_sound is 'Sound for group messages.';
comment on column notifications_v1.devices.video_sound is 'Sound for calls.';
comment on column notifications_v1.devices.activity is 'foreground, background, killed, or null where none was reported yet.';
comment on column notifications_v1.devices.badge is 'The number on the app''s icon.';
comment on column notifications_v1.devices.token_valid is 'False once the provider refused the token for good.';
comment on column notifications_v1.devices.logged_out is 'True: another or nobody uses it now.';
comment on column notifications_v1.devices.kicked_at is 'Place of the login of another device that logged this one out.';
comment on column notifications_v1.devices.offline is 'True: given up as out of reach.';
comment on column notifications_v1.devices.active_at is 'When anything was last heard of it, by the ledger''s clock.';
comment on column notifications_v1.devices.registered_at is 'When the token was registered, by the caller''s clock.';
grant delete, insert, select, update on notifications_v1.devices to pushledger_projector;
grant select on notifications_v1.devices to pushledger_dispatcher;
grant select (app, user_id, device_id, platform, activity, logged_out, kicked_at, offline, active_at) on notifications_v1.devices to pushledger_reactor;

create table notifications_v1.fallbacks (
  app text collate "C" not null,
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  provider text collate "C" not null,
  place smallint not null,
  token_sha256 text collate "C" not null,
  token text,
  topic text,
  credential_id text collate "C",
  environment text collate "C" not null,
  token_valid boolean not null,
  constraint fallbacks_pkey PRIMARY KEY (app, user_id, device_id, provider)
);
CREATE INDEX fallbacks_token ON notifications_v1.fallbacks USING btree (app, provider, token_sha256);
comment on table notifications_v1.fallbacks is 'Other ways to a device: tried in their order when those before were refused for good.';
comment on column notifications_v1.fallbacks.app is 'The app.';
comment on column notifications_v1.fallbacks.user_id is 'Whose device it is.';
comment on column notifications_v1.fallbacks.device_id is 'The device.';
comment on column notifications_v1.fallbacks.provider is 'The channel; no other way of the device goes by it.';
comment on column notifications_v1.fallbacks.place is 'Which is tried first: 1, 2, 3.';
comment on column notifications_v1.fallbacks.token_sha256 is 'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column notifications_v1.fallbacks.token is 'The token itself, read by the dispatcher alone; null once erased.';
comment on column notifications_v1.fallbacks.topic is 'The app''s topic, such as a bundle id.';
comment on column notifications_v1.fallbacks.credential_id is 'The credential that the token belongs to; null: any that fits.';
comment on column notifications_v1.fallbacks.environment is 'production or sandbox.';
comment on column notifications_v1.fallbacks.token_valid is 'False once the provider refused the token for good.';
grant delete, insert, select, update on notifications_v1.fallbacks to pushledger_projector;
grant select on notifications_v1.fallbacks to pushledger_dispatcher;

create table notifications_v1.hourly_attempts (
  app text collate "C" not null,
  hour timestamp with time zone not null,
  provider text collate "C" not null,
  platform text collate "C" not null,
  app_version text collate "C" not null,
  outcome text collate "C" not null,
  reason text collate "C" not null,
  attempts bigint not null,
  constraint hourly_attempts_pkey PRIMARY KEY (app, hour, provider, platform, app_version, outcome, reason)
) with (fillfactor = 50);
comment on table notifications_v1.hourly_attempts is 'Attempts by the hour that recorded them.';
comment on column notifications_v1.hourly_attempts.app is 'The app.';
comment on column notifications_v1.hourly_attempts.hour is 'When it was recorded: the hour in UTC.';
comment on column notifications_v1.hourly_attempts.provider is 'Through which it went.';
comment on column notifications_v1.hourly_attempts.platform is 'What the device was when the push was decided.';
comment on column notifications_v1.hourly_attempts.app_version is 'The app''s version on it then; empty where it was not told.';
comment on column notifications_v1.hourly_attempts.outcome is 'accepted, retry, rejected, token_invalid, expired or unknown.';
comment on column notifications_v1.hourly_attempts.reason is 'The provider''s reason; empty where it gave none.';
comment on column notifications_v1.hourly_attempts.attempts is 'How many.';
grant insert, select, update on notifications_v1.hourly_attempts to pushledger_projector;

create table notifications_v1.hourly_deliveries (
  app text collate "C" not null,
  hour timestamp with time zone not null,
  provider text collate "C" not null,
  platform text collate "C" not null,
  app_version text collate "C" not null,
  status text collate "C" not null,
  reason text collate "C" not null,
  deliveries bigint not null,
  attempted bigint not null,
  delivered bigint not null,
  opened bigint not null,
  not_shown bigint not null,
  constraint hourly_deliveries_pkey PRIMARY KEY (app, hour, provider, platform, app_version, status, reason)
) with (fillfactor = 50);
comment on table notifications_v1.hourly_deliveries is 'Decisions and what became of them, by the hour of the decision.';
comment on column notifications_v1.hourly_deliveries.app is 'The app.';
comment on column notifications_v1.hourly_deliveries.hour is 'When the message was committed: the hour in UTC.';
comment on column notifications_v1.hourly_deliveries.provider is 'The channel; empty where suppressed.';
comment on column notifications_v1.hourly_deliveries.platform is 'What the device was then; empty where it concerns the recipient.';
comment on column notifications_v1.hourly_deliveries.app_version is 'The app''s version on it then; empty where it was not told.';
comment on column notifications_v1.hourly_deliveries.status is 'suppressed, due, cancelled, expired, rejected, token_invalid or accepted.';
comment on column notifications_v1.hourly_deliveries.reason is 'Why it was suppressed, cancelled or refused; empty otherwise.';
comment on column notifications_v1.hourly_deliveries.deliveries is 'How many.';
comment on column notifications_v1.hourly_deliveries.attempted is 'Of these, those attempted.';
comment on column notifications_v1.hourly_deliveries.delivered is 'Of these, those seen to arrive.';
comment on column notifications_v1.hourly_deliveries.opened is 'Of these, those opened.';
comment on column notifications_v1.hourly_deliveries.not_shown is 'Of these, those that the provider found not shown.';
grant insert, select, update on notifications_v1.hourly_deliveries to pushledger_projector;

create table notifications_v1.hourly_latencies (
  app text collate "C" not null,
  hour timestamp with time zone not null,
  provider text collate "C" not null,
  platform text collate "C" not null,
  app_version text collate "C" not null,
  stage text collate "C" not null,
  bucket smallint not null,
  count bigint not null,
  constraint hourly_latencies_pkey PRIMARY KEY (app, hour, provider, platform, app_version, stage, bucket)
) with (fillfactor = 50);
comment on table notifications_v1.hourly_latencies is 'How long it took, by hour, as histograms: pushledger.latency_bounds says what a bucket is.';
comment on column notifications_v1.hourly_latencies.app is 'The app.';
comment on column notifications_v1.hourly_latencies.hour is 'The decision''s hour; of requests the hour that recorded them.';
comment on column notifications_v1.hourly_latencies.provider is 'The channel.';
comment on column notifications_v1.hourly_latencies.platform is 'What the device was when the push was decided.';
comment on column notifications_v1.hourly_latencies.app_version is 'The app''s version on it then; empty where it was not told.';
comment on column notifications_v1.hourly_latencies.stage is 'accepted, delivered and opened: since the message was committed; request: one attempt''s request.';
comment on column notifications_v1.hourly_latencies.bucket is 'How many of the bounds it reached: 0 is below the first.';
comment on column notifications_v1.hourly_latencies.count is 'How many took so long.';
grant insert, select, update on notifications_v1.hourly_latencies to pushledger_projector;

create table notifications_v1.hourly_messages (
  app text collate "C" not null,
  hour timestamp with time zone not null,
  messages bigint not null,
  recipients bigint not null,
  constraint hourly_messages_pkey PRIMARY KEY (app, hour)
) with (fillfactor = 50);
comment on table notifications_v1.hourly_messages is 'Messages that were kept, by hour.';
comment on column notifications_v1.hourly_messages.app is 'The app.';
comment on column notifications_v1.hourly_messages.hour is 'When they were committed: the hour in UTC.';
comment on column notifications_v1.hourly_messages.messages is 'How many.';
comment on column notifications_v1.hourly_messages.recipients is 'For how many users it was decided.';
grant insert, select, update on notifications_v1.hourly_messages to pushledger_projector;

create table notifications_v1.members (
  app text collate "C" not null,
  conversation text collate "C" not null,
  user_id text collate "C" not null,
  receive text collate "C" not null,
  name_card text,
  read_position bigint not null,
  read_sequence bigint not null,
  adjustment bigint not null,
  frozen_at bigint,
  rejected jsonb not null,
  constraint members_pkey PRIMARY KEY (app, conversation, user_id)
);
CREATE INDEX members_user ON notifications_v1.members USING btree (app, user_id);
comment on table notifications_v1.members is 'A user''s part in a conversation.';
comment on column notifications_v1.members.app is 'The app.';
comment on column notifications_v1.members.conversation is 'The conversation.';
comment on column notifications_v1.members.user_id is 'The member.';
comment on column notifications_v1.members.receive is 'notify, mentions, silent or reject.';
comment on column notifications_v1.members.name_card is 'The member''s name in the group.';
comment on column notifications_v1.members.read_position is 'The read mark: messages up to this position of the ledger are read.';
comment on column notifications_v1.members.read_sequence is 'The conversation''s sequence at the read mark.';
comment on column notifications_v1.members.adjustment is 'What own, recalled, rejected and targeted messages after the read mark add to the difference.';
comment on column notifications_v1.members.frozen_at is 'While receive is reject: the sequence at which the count stands still.';
comment on column notifications_v1.members.rejected is 'Sequences after the read mark that do not count: an array of [first, last].';
grant delete, insert, select, update on notifications_v1.members to pushledger_projector;

create table notifications_v1.messages (
  app text collate "C" not null,
  message_id text collate "C" not null,
  "position" bigint not null,
  conversation text collate "C" not null,
  sender text collate "C" not null,
  sequence bigint not null,
  counted_targets jsonb not null,
  recalled_at bigint,
  occurred_at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  notification json not null,
  recipients integer not null,
  pushes integer not null,
  constraint messages_pkey PRIMARY KEY (app, message_id),
  constraint messages_position UNIQUE (app, "position")
);
CREATE INDEX messages_conversation ON notifications_v1.messages USING btree (app, conversation, "position") INCLUDE (sequence);
CREATE INDEX messages_sender ON notifications_v1.messages USING btree (app, sender, "position");
CREATE INDEX messages_uneven ON notifications_v1.messages USING btree (app, conversation, "position") WHERE ((recalled_at IS NOT NULL) OR (counted_targets <> '[]'::jsonb));
comment on table notifications_v1.messages is 'A message that was kept, and what it decided.';
comment on column notifications_v1.messages.app is 'The app.';
comment on column notifications_v1.messages.message_id is 'The caller''s id of the message.';
comment on column notifications_v1.messages."position" is 'Its place in the ledger.';
comment on column notifications_v1.messages.conversation is 'Where it was said.';
comment on column notifications_v1.messages.sender is 'Who said it.';
comment on column notifications_v1.messages.sequence is 'Its number among those that count for all members; 0 where it has none.';
comment on column notifications_v1.messages.counted_targets is 'For whom it counts where it went to chosen members only: an array of users.';
comment on column notifications_v1.messages.recalled_at is 'Where it was recalled; null: nowhere.';
comment on column notifications_v1.messages.occurred_at is 'When it was sent, by the caller.';
comment on column notifications_v1.messages.recorded_at is 'When it was committed.';
comment on column notifications_v1.messages.expires_at is 'After this nobody is pushed for it.';
comment on column notifications_v1.messages.notification is 'What a phone shows of it; badge and sound stand with the delivery.';
comment on column notifications_v1.messages.recipients is 'Users that it was decided for.';
comment on column notifications_v1.messages.pushes is 'Deliveries that became due.';
grant insert, select, update on notifications_v1.messages to pushledger_projector;
grant select on notifications_v1.messages to pushledger_dispatcher;

create table notifications_v1.standings (
  app text collate "C" not null,
  user_id text collate "C" not null,
  conversation text collate "C" not null,
  "position" bigint not null,
  receive text collate "C",
  read_position bigint,
  read_sequence bigint,
  adjustment bigint,
  frozen_at bigint,
  constraint standings_pkey PRIMARY KEY (app, user_id, conversation, "position") INCLUDE (receive, read_position, read_sequence, adjustment, frozen_at)
);
CREATE INDEX standings_position ON notifications_v1.standings USING btree (app, "position");
comment on table notifications_v1.standings is 'How members stood after each event that moved them; the columns are as in members.';
comment on column notifications_v1.standings.app is 'The app.';
comment on column notifications_v1.standings.user_id is 'The member.';
comment on column notifications_v1.standings.conversation is 'The conversation.';
comment on column notifications_v1.standings."position" is 'The event.';
comment on column notifications_v1.standings.receive is 'notify, mentions, silent or reject; null, as all that follows, where they left.';
comment on column notifications_v1.standings.read_position is 'The read mark: messages up to this position of the ledger are read.';
comment on column notifications_v1.standings.read_sequence is 'The conversation''s sequence at the read mark.';
comment on column notifications_v1.standings.adjustment is 'What own, recalled, rejected and targeted messages after the read mark add to the difference.';
comment on column notifications_v1.standings.frozen_at is 'While receive is reject: the sequence at which the count stands still.';
grant insert, select, update on notifications_v1.standings to pushledger_projector;

create table notifications_v1.suppressed_counts (
  app text collate "C" not null,
  "position" bigint not null,
  reason text collate "C" not null,
  count integer not null,
  constraint suppressed_counts_pkey PRIMARY KEY (app, "position", reason)
);
comment on table notifications_v1.suppressed_counts is 'Suppressed decisions of messages to many recipients, counted by reason.';
comment on column notifications_v1.suppressed_counts.app is 'The app.';
comment on column notifications_v1.suppressed_counts."position" is 'The message''s place in the ledger.';
comment on column notifications_v1.suppressed_counts.reason is 'Why nobody was pushed.';
comment on column notifications_v1.suppressed_counts.count is 'How many decisions said so.';
grant insert, select, update on notifications_v1.suppressed_counts to pushledger_projector;

create table notifications_v1.users (
  app text collate "C" not null,
  user_id text collate "C" not null,
  nickname text,
  quiet_from_second integer,
  quiet_to_second integer,
  quiet_time_zone text,
  muted_until timestamp with time zone,
  badge_source text collate "C",
  tags text[],
  attributes jsonb,
  deleted boolean not null default false,
  constraint users_pkey PRIMARY KEY (app, user_id)
);
CREATE INDEX users_attributes ON notifications_v1.users USING gin (attributes jsonb_path_ops);
CREATE INDEX users_tags ON notifications_v1.users USING gin (tags);
comment on table notifications_v1.users is 'What the ledger says of a user.';
comment on column notifications_v1.users.app is 'The app.';
comment on column notifications_v1.users.user_id is 'The user, as the chat backend names them.';
comment on column notifications_v1.users.nickname is 'The name shown before a message.';
comment on column notifications_v1.users.quiet_from_second is 'Start of the daily quiet time, seconds since midnight, inclusive.';
comment on column notifications_v1.users.quiet_to_second is 'End of the daily quiet time, seconds since midnight, exclusive.';
comment on column notifications_v1.users.quiet_time_zone is 'IANA time zone of the quiet time.';
comment on column notifications_v1.users.muted_until is 'Nothing rings before this time.';
comment on column notifications_v1.users.badge_source is 'reported: the client''s count goes on; derived: the sum of the unread counts; null: reported.';
comment on column notifications_v1.users.tags is 'What the user is chosen by when something is sent to many.';
comment on column notifications_v1.users.attributes is 'The same, as names with values.';
comment on column notifications_v1.users.deleted is 'True: the account was deleted, and nothing was said of the user since.';
grant insert, select, update on notifications_v1.users to pushledger_projector;
grant select on notifications_v1.users to pushledger_reactor;

create schema projections;
comment on schema projections is 'What runs the SQL of projections that were added, each with the rights of its own role.';

create schema pushledger;
comment on schema pushledger is 'Stable names to read and to append by: views and functions only. The tables behind may change.';
grant usage on schema pushledger to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.archives (
  app text collate "C",
  "position" bigint,
  commit_number bigint,
  chain bytea,
  recorded_at timestamp with time zone,
  folder text,
  archived_at timestamp with time zone,
  is_detaching boolean
);
comment on view pushledger.archives is 'Of which apps messages were detached, and where they are.';
comment on column pushledger.archives.app is 'The app.';
comment on column pushledger.archives."position" is 'Messages up to it, and what became of them, are in the archive and not here, but for those that went on later.';
comment on column pushledger.archives.commit_number is 'The commit that ends there.';
comment on column pushledger.archives.chain is 'Hash chain there.';
comment on column pushledger.archives.recorded_at is 'When that commit was recorded.';
comment on column pushledger.archives.folder is 'Where the archive was written to, as it was named.';
comment on column pushledger.archives.archived_at is 'When detaching up to there began.';
comment on column pushledger.archives.is_detaching is 'Whether detaching goes on, or was broken off: pushledger archive --detach goes on with it.';
grant select on pushledger.archives to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.attempts (
  app text collate "C",
  "position" bigint,
  delivery_id uuid,
  message_id text collate "C",
  user_id text collate "C",
  device_id text collate "C",
  attempt integer,
  provider text collate "C",
  outcome text collate "C",
  status integer,
  reason text collate "C",
  provider_message_id text,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  retry_at timestamp with time zone,
  dispatcher text,
  fenced boolean
);
comment on view pushledger.attempts is 'Every try at a delivery, with what the provider answered.';
comment on column pushledger.attempts.app is 'The app.';
comment on column pushledger.attempts."position" is 'Place of its push.attempted in the ledger.';
comment on column pushledger.attempts.delivery_id is 'The delivery.';
comment on column pushledger.attempts.message_id is 'The message.';
comment on column pushledger.attempts.user_id is 'The recipient.';
comment on column pushledger.attempts.device_id is 'The device.';
comment on column pushledger.attempts.attempt is 'Its number, from 1.';
comment on column pushledger.attempts.provider is 'The channel, such as apns.';
comment on column pushledger.attempts.outcome is 'accepted, retry, rejected, token_invalid, expired or unknown.';
comment on column pushledger.attempts.status is 'The HTTP status; null where none came.';
comment on column pushledger.attempts.reason is 'The provider''s reason, or ours.';
comment on column pushledger.attempts.provider_message_id is 'The provider''s id of the push.';
comment on column pushledger.attempts.started_at is 'When it was sent.';
comment on column pushledger.attempts.finished_at is 'When the outcome was known.';
comment on column pushledger.attempts.retry_at is 'When the next try was planned; null: none.';
comment on column pushledger.attempts.dispatcher is 'Which dispatcher sent it.';
comment on column pushledger.attempts.fenced is 'True: its lane had been taken over before it was recorded.';
grant select on pushledger.attempts to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.broadcasts (
  app text collate "C",
  broadcast_id text,
  "position" bigint,
  started_at timestamp with time zone,
  recipients bigint,
  total bigint,
  state text
);
comment on view pushledger.broadcasts is 'Messages to many, and how far they were sent.';
comment on column pushledger.broadcasts.app is 'The app.';
comment on column pushledger.broadcasts.broadcast_id is 'The broadcast.';
comment on column pushledger.broadcasts."position" is 'Place of its broadcast.started.';
comment on column pushledger.broadcasts.started_at is 'When it was asked for.';
comment on column pushledger.broadcasts.recipients is 'Users it was sent to so far.';
comment on column pushledger.broadcasts.total is 'Users it was for when it began.';
comment on column pushledger.broadcasts.state is 'waiting, running or finished.';
grant select on pushledger.broadcasts to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.checkpoints (
  app text collate "C",
  projection text collate "C",
  "position" bigint
);
comment on view pushledger.checkpoints is 'Up to where the projections that serve have folded: projection_status without what it is about.';
comment on column pushledger.checkpoints.app is 'The app.';
comment on column pushledger.checkpoints.projection is 'The projection''s name.';
comment on column pushledger.checkpoints."position" is 'What is in the ledger up to here shows in it.';
grant select on pushledger.checkpoints to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.circuits (
  dispatcher text collate "C",
  provider text collate "C",
  app text collate "C",
  credential_id text collate "C",
  host text collate "C",
  state text collate "C",
  failures integer,
  retry_at timestamp with time zone,
  reason text
);
comment on view pushledger.circuits is 'Circuits of running dispatchers that are not closed, or had failures of late.';
comment on column pushledger.circuits.dispatcher is 'Whose circuit it is: each has its own.';
comment on column pushledger.circuits.provider is 'The channel.';
comment on column pushledger.circuits.app is 'Whose credential it stands before; null for a host''s circuit, which all apps share.';
comment on column pushledger.circuits.credential_id is 'The credential; null for a host''s circuit.';
comment on column pushledger.circuits.host is 'The host; null for a credential''s circuit.';
comment on column pushledger.circuits.state is 'closed: pushes go; open: none goes; probing: one is on its way to find out.';
comment on column pushledger.circuits.failures is 'Failures in a row; 0 unless it is closed.';
comment on column pushledger.circuits.retry_at is 'When an open one lets a probe through.';
comment on column pushledger.circuits.reason is 'What the last failure said.';
grant select on pushledger.circuits to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.commits (
  app text collate "C",
  commit_number bigint,
  first_position bigint,
  last_position bigint,
  recorded_at timestamp with time zone,
  chain bytea
);
comment on view pushledger.commits is 'When events were stored together, and the hash chain over them. The chain is checked by pushledger verify.';
comment on column pushledger.commits.app is 'The app.';
comment on column pushledger.commits.commit_number is 'Place among the app''s commits, from 1.';
comment on column pushledger.commits.first_position is 'Position of its first event.';
comment on column pushledger.commits.last_position is 'Position of its last event.';
comment on column pushledger.commits.recorded_at is 'Its time, which all its events carry.';
comment on column pushledger.commits.chain is 'SHA-256 of the chain before it, its events'' digests in order, and recorded_at.';
grant select on pushledger.commits to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.conversations (
  app text collate "C",
  conversation text collate "C",
  group_id text collate "C",
  first_user text collate "C",
  second_user text collate "C",
  name text,
  kind text,
  owner text collate "C",
  messages bigint,
  members bigint,
  last_message_id text collate "C",
  last_position bigint,
  last_message_at timestamp with time zone
);
comment on view pushledger.conversations is 'The talks of two users and of groups, and when each was last heard of.';
comment on column pushledger.conversations.app is 'The app.';
comment on column pushledger.conversations.conversation is 'group/<id> or pair/<user>/<user>; see conversation_name.';
comment on column pushledger.conversations.group_id is 'The group; null for two users.';
comment on column pushledger.conversations.first_user is 'Of two users the first in the order of their bytes; null for a group.';
comment on column pushledger.conversations.second_user is 'The other one; null for a group.';
comment on column pushledger.conversations.name is 'The group''s name; null where it has none.';
comment on column pushledger.conversations.kind is 'The group''s kind, in the backend''s words.';
comment on column pushledger.conversations.owner is 'The group''s owner.';
comment on column pushledger.conversations.messages is 'Messages so far that count for all.';
comment on column pushledger.conversations.members is 'Who is in the group now; of two users, who has a part in it.';
comment on column pushledger.conversations.last_message_id is 'The last message that was kept.';
comment on column pushledger.conversations.last_position is 'Its place in the ledger.';
comment on column pushledger.conversations.last_message_at is 'When it was committed.';
grant select on pushledger.conversations to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.deliveries (
  app text collate "C",
  delivery_id uuid,
  message_id text collate "C",
  "position" bigint,
  sender text collate "C",
  user_id text collate "C",
  device_id text collate "C",
  provider text collate "C",
  status text collate "C",
  reason text collate "C",
  badge bigint,
  sound text,
  attempts integer,
  decided_at timestamp with time zone,
  first_attempt_at timestamp with time zone,
  ended_at timestamp with time zone,
  delivered_at timestamp with time zone,
  opened_at timestamp with time zone,
  expires_at timestamp with time zone,
  not_shown_at timestamp with time zone,
  not_shown_reason text collate "C",
  due_position bigint,
  platform text collate "C",
  app_version text
);
comment on view pushledger.deliveries is 'One message and one device (or recipient): what was decided, and what became of it. Suppressed ones of a message to many recipients are counted in suppressed_counts instead.';
comment on column pushledger.deliveries.app is 'The app.';
comment on column pushledger.deliveries.delivery_id is 'UUID version 5 of app, message, user and device; every push carries it in its payload.';
comment on column pushledger.deliveries.message_id is 'The message.';
comment on column pushledger.deliveries."position" is 'The message''s place in the ledger.';
comment on column pushledger.deliveries.sender is 'Who sent the message.';
comment on column pushledger.deliveries.user_id is 'The recipient.';
comment on column pushledger.deliveries.device_id is 'The device; null where the decision concerns the recipient.';
comment on column pushledger.deliveries.provider is 'The channel that it goes, or was to go last, such as apns; null where suppressed.';
comment on column pushledger.deliveries.status is 'suppressed, due, cancelled, expired, rejected, token_invalid or accepted.';
comment on column pushledger.deliveries.reason is 'Why it was suppressed, cancelled or refused; null otherwise.';
comment on column pushledger.deliveries.badge is 'The number on the app''s icon it carries.';
comment on column pushledger.deliveries.sound is 'The sound it carries; null: none.';
comment on column pushledger.deliveries.attempts is 'Attempts recorded so far.';
comment on column pushledger.deliveries.decided_at is 'When it was decided: at the commit.';
comment on column pushledger.deliveries.first_attempt_at is 'Start of the first attempt.';
comment on column pushledger.deliveries.ended_at is 'When it was accepted, refused or called off; null while it is due.';
comment on column pushledger.deliveries.delivered_at is 'When the app or the provider saw it arrive; null where nobody said so.';
comment on column pushledger.deliveries.opened_at is 'When the user opened it; null where nobody said so.';
comment on column pushledger.deliveries.expires_at is 'After this it is not sent any more.';
comment on column pushledger.deliveries.not_shown_at is 'When the provider reported that the phone did not show it; null where it said nothing.';
comment on column pushledger.deliveries.not_shown_reason is 'Why, in the provider''s code, such as status_6; null where it said nothing.';
comment on column pushledger.deliveries.due_position is 'The refused attempt after which another way was tried last; null: none was.';
comment on column pushledger.deliveries.platform is 'What the device was when it was decided, such as ios; null where it concerns the recipient.';
comment on column pushledger.deliveries.app_version is 'The app''s version on it then; null where it was not told.';
grant select on pushledger.deliveries to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.devices (
  app text collate "C",
  user_id text collate "C",
  device_id text collate "C",
  platform text collate "C",
  provider text collate "C",
  token_sha256 text collate "C",
  topic text,
  environment text collate "C",
  app_version text,
  locale text,
  push boolean,
  c2c_sound text,
  group_sound text,
  video_sound text,
  state text collate "C",
  badge bigint,
  registered_at timestamp with time zone,
  credential_id text collate "C",
  kicked_at bigint,
  active_at timestamp with time zone,
  reach text collate "C"
);
comment on view pushledger.devices is 'The devices as they are now. The token itself is left out: it is for the dispatcher alone.';
comment on column pushledger.devices.app is 'The app.';
comment on column pushledger.devices.user_id is 'Whose device it is.';
comment on column pushledger.devices.device_id is 'The device, unique for its user.';
comment on column pushledger.devices.platform is 'ios, ipad, android, harmony, web, windows, mac, linux or other.';
comment on column pushledger.devices.provider is 'The channel of its first way; null until a token is registered.';
comment on column pushledger.devices.token_sha256 is 'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column pushledger.devices.topic is 'The app''s topic, such as a bundle id.';
comment on column pushledger.devices.environment is 'production or sandbox.';
comment on column pushledger.devices.app_version is 'The client''s version.';
comment on column pushledger.devices.locale is 'The client''s language.';
comment on column pushledger.devices.push is 'False: this device wants no push; null: never said.';
comment on column pushledger.devices.c2c_sound is 'Sound for one-to-one messages.';
comment on column pushledger.devices.group_sound is 'Sound for group messages.';
comment on column pushledger.devices.video_sound is 'Sound for calls.';
comment on column pushledger.devices.state is 'logged_out, offline, token_invalid, foreground, background, killed, or null: none reported.';
comment on column pushledger.devices.badge is 'The number on the app''s icon.';
comment on column pushledger.devices.registered_at is 'When the token was registered, by the caller''s clock.';
comment on column pushledger.devices.credential_id is 'The credential that the token belongs to; null: any that fits.';
comment on column pushledger.devices.kicked_at is 'Place of the login of another device that logged this one out.';
comment on column pushledger.devices.active_at is 'When anything was last heard of it, by the ledger''s clock.';
comment on column pushledger.devices.reach is 'offline, foreground, background, killed, or null: none reported yet.';
grant select on pushledger.devices to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.dispatch_status (
  app text collate "C",
  provider text collate "C",
  lacks text,
  due bigint,
  backing_off bigint,
  attempted bigint,
  oldest_due_at timestamp with time zone,
  lanes_held bigint,
  dispatchers bigint,
  in_flight bigint
);
comment on view pushledger.dispatch_status is 'What is due to be pushed and what it lacks. An app with nothing due has no row.';
comment on column pushledger.dispatch_status.app is 'The app.';
comment on column pushledger.dispatch_status.provider is 'The channel.';
comment on column pushledger.dispatch_status.lacks is 'Why nothing of it can be sent: paused, no_credential, no_such_credential, no_credential_for_environment, no_credential_for_topic or topic_missing; waits_for_device: the devices come for it on a stream; null where there is a credential for it.';
comment on column pushledger.dispatch_status.due is 'Deliveries that must still be attempted.';
comment on column pushledger.dispatch_status.backing_off is 'Of these, those that wait for the time of their next try.';
comment on column pushledger.dispatch_status.attempted is 'Of these, those that were tried at least once.';
comment on column pushledger.dispatch_status.oldest_due_at is 'Since when the first of them could be sent.';
comment on column pushledger.dispatch_status.lanes_held is 'Lanes of the app that a dispatcher holds.';
comment on column pushledger.dispatch_status.dispatchers is 'Dispatchers that hold them.';
comment on column pushledger.dispatch_status.in_flight is 'Of these, those on their way to the provider, as the dispatchers reported within seconds.';
grant select on pushledger.dispatch_status to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.due_routes (
  app text collate "C",
  provider text collate "C",
  topic text,
  environment text collate "C",
  credential_id text collate "C",
  due bigint,
  backing_off bigint,
  attempted bigint,
  oldest_due_at timestamp with time zone
);
comment on view pushledger.due_routes is 'What is due to be pushed, by what chooses the credential that it is sent with.';
comment on column pushledger.due_routes.app is 'The app.';
comment on column pushledger.due_routes.provider is 'The channel.';
comment on column pushledger.due_routes.topic is 'The topic of the devices'' ways by that provider, such as a bundle id.';
comment on column pushledger.due_routes.environment is 'production or sandbox.';
comment on column pushledger.due_routes.credential_id is 'The credential that the tokens belong to; null: any that fits.';
comment on column pushledger.due_routes.due is 'Deliveries that must still be attempted.';
comment on column pushledger.due_routes.backing_off is 'Of these, those that wait for the time of their next try.';
comment on column pushledger.due_routes.attempted is 'Of these, those that were tried at least once.';
comment on column pushledger.due_routes.oldest_due_at is 'Since when the first of them could be sent.';
grant select on pushledger.due_routes to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create type pushledger.event as (
  app text,
  "position" bigint,
  event_id uuid,
  type text,
  schema smallint,
  stream text,
  occurred_at timestamp with time zone,
  recorded_at timestamp with time zone,
  data jsonb
);
comment on type pushledger.event is 'An event as the fold of a projection gets it: its facts, without what a person wrote.';
comment on column pushledger.event.app is 'The app whose ledger it is in.';
comment on column pushledger.event."position" is 'Its place there: 1, 2, 3 and so on without a gap.';
comment on column pushledger.event.event_id is 'Its id, the caller''s: stored once in an app.';
comment on column pushledger.event.type is 'What happened, such as message.sent.';
comment on column pushledger.event.schema is 'Version of the form of data, from 1.';
comment on column pushledger.event.stream is 'Whose history it belongs to, such as message/42.';
comment on column pushledger.event.occurred_at is 'When it happened, by the caller''s clock.';
comment on column pushledger.event.recorded_at is 'When it was committed; never goes back within an app.';
comment on column pushledger.event.data is 'The facts that decisions need. No personal text.';

create view pushledger.events (
  app text collate "C",
  "position" bigint,
  event_id uuid,
  type text collate "C",
  schema smallint,
  stream text collate "C",
  occurred_at timestamp with time zone,
  recorded_at timestamp with time zone,
  data jsonb,
  content json
);
comment on view pushledger.events is 'Every event of every app, in the order of its app''s ledger.';
comment on column pushledger.events.app is 'The app whose ledger it is in.';
comment on column pushledger.events."position" is 'Its place there: 1, 2, 3 and so on without a gap.';
comment on column pushledger.events.event_id is 'Its id, the caller''s: stored once in an app.';
comment on column pushledger.events.type is 'What happened, such as message.sent.';
comment on column pushledger.events.schema is 'Version of the form of data, from 1.';
comment on column pushledger.events.stream is 'Whose history it belongs to, such as message/42.';
comment on column pushledger.events.occurred_at is 'When it happened, by the caller''s clock.';
comment on column pushledger.events.recorded_at is 'When it was committed; never goes back within an app.';
comment on column pushledger.events.data is 'The facts that decisions need. No personal text.';
comment on column pushledger.events.content is 'What a person wrote or can be known by; null where there is none, or where it was erased.';
grant select on pushledger.events to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.fallbacks (
  app text collate "C",
  user_id text collate "C",
  device_id text collate "C",
  place smallint,
  provider text collate "C",
  token_sha256 text collate "C",
  topic text,
  credential_id text collate "C",
  environment text collate "C",
  token_valid boolean
);
comment on view pushledger.fallbacks is 'Other ways to a device, tried in their order when those before were refused for good.';
comment on column pushledger.fallbacks.app is 'The app.';
comment on column pushledger.fallbacks.user_id is 'Whose device it is.';
comment on column pushledger.fallbacks.device_id is 'The device.';
comment on column pushledger.fallbacks.place is 'Which is tried first: 1, 2, 3.';
comment on column pushledger.fallbacks.provider is 'The channel.';
comment on column pushledger.fallbacks.token_sha256 is 'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column pushledger.fallbacks.topic is 'The app''s topic, such as a bundle id.';
comment on column pushledger.fallbacks.credential_id is 'The credential that the token belongs to; null: any that fits.';
comment on column pushledger.fallbacks.environment is 'production or sandbox.';
comment on column pushledger.fallbacks.token_valid is 'False once the provider refused the token for good.';
grant select on pushledger.fallbacks to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.groups (
  app text collate "C",
  group_id text collate "C",
  name text,
  kind text,
  owner text collate "C",
  messages bigint,
  members bigint
);
comment on view pushledger.groups is 'The groups as they are now.';
comment on column pushledger.groups.app is 'The app.';
comment on column pushledger.groups.group_id is 'The group.';
comment on column pushledger.groups.name is 'Its name; null where it has none.';
comment on column pushledger.groups.kind is 'What kind of group it is, in the chat backend''s words; null where it was never said.';
comment on column pushledger.groups.owner is 'Its owner; null where it was never said.';
comment on column pushledger.groups.messages is 'Messages so far that count as unread for all members.';
comment on column pushledger.groups.members is 'How many members it has.';
grant select on pushledger.groups to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.hourly_attempts (
  app text collate "C",
  hour timestamp with time zone,
  provider text collate "C",
  platform text collate "C",
  app_version text collate "C",
  outcome text collate "C",
  reason text collate "C",
  attempts bigint
);
comment on view pushledger.hourly_attempts is 'Attempts by the hour that recorded them.';
comment on column pushledger.hourly_attempts.app is 'The app.';
comment on column pushledger.hourly_attempts.hour is 'When they were recorded: the hour in UTC.';
comment on column pushledger.hourly_attempts.provider is 'Through which they went.';
comment on column pushledger.hourly_attempts.platform is 'What the device was when the push was decided.';
comment on column pushledger.hourly_attempts.app_version is 'The app''s version on it then; empty where it was not told.';
comment on column pushledger.hourly_attempts.outcome is 'accepted, retry, rejected, token_invalid, expired or unknown.';
comment on column pushledger.hourly_attempts.reason is 'The provider''s reason; empty where it gave none.';
comment on column pushledger.hourly_attempts.attempts is 'How many.';
grant select on pushledger.hourly_attempts to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.hourly_deliveries (
  app text collate "C",
  hour timestamp with time zone,
  provider text collate "C",
  platform text collate "C",
  app_version text collate "C",
  status text collate "C",
  reason text collate "C",
  deliveries bigint,
  attempted bigint,
  delivered bigint,
  opened bigint,
  not_shown bigint
);
comment on view pushledger.hourly_deliveries is 'Decisions and what became of them, by the hour of the decision: a delivery is counted once, under the status that it has now.';
comment on column pushledger.hourly_deliveries.app is 'The app.';
comment on column pushledger.hourly_deliveries.hour is 'When the message was committed: the hour in UTC.';
comment on column pushledger.hourly_deliveries.provider is 'The channel; empty where suppressed.';
comment on column pushledger.hourly_deliveries.platform is 'What the device was then; empty where it concerns the recipient.';
comment on column pushledger.hourly_deliveries.app_version is 'The app''s version on it then; empty where it was not told.';
comment on column pushledger.hourly_deliveries.status is 'suppressed, due, cancelled, expired, rejected, token_invalid or accepted.';
comment on column pushledger.hourly_deliveries.reason is 'Why it was suppressed, cancelled or refused; empty otherwise.';
comment on column pushledger.hourly_deliveries.deliveries is 'How many.';
comment on column pushledger.hourly_deliveries.attempted is 'Of these, those attempted.';
comment on column pushledger.hourly_deliveries.delivered is 'Of these, those seen to arrive.';
comment on column pushledger.hourly_deliveries.opened is 'Of these, those opened.';
comment on column pushledger.hourly_deliveries.not_shown is 'Of these, those that the provider found not shown.';
grant select on pushledger.hourly_deliveries to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.hourly_latencies (
  app text collate "C",
  hour timestamp with time zone,
  provider text collate "C",
  platform text collate "C",
  app_version text collate "C",
  stage text collate "C",
  at_least double precision,
  below double precision,
  count bigint
);
comment on view pushledger.hourly_latencies is 'How long it took, by hour, as histograms.';
comment on column pushledger.hourly_latencies.app is 'The app.';
comment on column pushledger.hourly_latencies.hour is 'The decision''s hour; of requests the hour that recorded them.';
comment on column pushledger.hourly_latencies.provider is 'The channel.';
comment on column pushledger.hourly_latencies.platform is 'What the device was when the push was decided.';
comment on column pushledger.hourly_latencies.app_version is 'The app''s version on it then; empty where it was not told.';
comment on column pushledger.hourly_latencies.stage is 'accepted, delivered and opened: since the message was committed; request: one attempt.';
comment on column pushledger.hourly_latencies.at_least is 'In seconds: it took so long or longer.';
comment on column pushledger.hourly_latencies.below is 'In seconds: it took less; null: no limit.';
comment on column pushledger.hourly_latencies.count is 'How many.';
grant select on pushledger.hourly_latencies to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.hourly_messages (
  app text collate "C",
  hour timestamp with time zone,
  messages bigint,
  recipients bigint
);
comment on view pushledger.hourly_messages is 'Messages that were kept, by hour.';
comment on column pushledger.hourly_messages.app is 'The app.';
comment on column pushledger.hourly_messages.hour is 'When they were committed: the hour in UTC.';
comment on column pushledger.hourly_messages.messages is 'How many.';
comment on column pushledger.hourly_messages.recipients is 'For how many users it was decided.';
grant select on pushledger.hourly_messages to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.in_flight (
  app text collate "C",
  provider text collate "C",
  dispatcher text collate "C",
  pushes integer
);
comment on view pushledger.in_flight is 'Pushes on their way to a provider, as the dispatchers reported within seconds.';
comment on column pushledger.in_flight.app is 'The app.';
comment on column pushledger.in_flight.provider is 'The channel.';
comment on column pushledger.in_flight.dispatcher is 'Who sends them.';
comment on column pushledger.in_flight.pushes is 'How many.';
grant select on pushledger.in_flight to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.memberships (
  app text collate "C",
  group_id text collate "C",
  kind text,
  user_id text collate "C",
  receive text collate "C",
  name_card text,
  unread bigint
);
comment on view pushledger.memberships is 'Who is in which group, and what they want to hear of it.';
comment on column pushledger.memberships.app is 'The app.';
comment on column pushledger.memberships.group_id is 'The group.';
comment on column pushledger.memberships.kind is 'What kind of group it is, in the chat backend''s words.';
comment on column pushledger.memberships.user_id is 'The member.';
comment on column pushledger.memberships.receive is 'notify, mentions, silent or reject.';
comment on column pushledger.memberships.name_card is 'The member''s name in the group.';
comment on column pushledger.memberships.unread is 'Messages that count and are not read.';
grant select on pushledger.memberships to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.messages (
  app text collate "C",
  message_id text collate "C",
  "position" bigint,
  sender text collate "C",
  to_group text collate "C",
  to_user text collate "C",
  recalled boolean,
  occurred_at timestamp with time zone,
  recorded_at timestamp with time zone,
  expires_at timestamp with time zone,
  recipients integer,
  pushes integer,
  conversation text collate "C",
  sequence bigint,
  counted_targets jsonb,
  recalled_at bigint
);
comment on view pushledger.messages is 'Every message that was kept, and for how many it was decided. What it said is in events.';
comment on column pushledger.messages.app is 'The app.';
comment on column pushledger.messages.message_id is 'The caller''s id of the message.';
comment on column pushledger.messages."position" is 'Place of its message.sent in the ledger.';
comment on column pushledger.messages.sender is 'The user who sent it.';
comment on column pushledger.messages.to_group is 'The group it went to; null for one user.';
comment on column pushledger.messages.to_user is 'The user it went to; null for a group.';
comment on column pushledger.messages.recalled is 'Whether it was recalled.';
comment on column pushledger.messages.occurred_at is 'When it was sent, by the caller''s clock.';
comment on column pushledger.messages.recorded_at is 'When it was committed.';
comment on column pushledger.messages.expires_at is 'After this nobody is pushed for it.';
comment on column pushledger.messages.recipients is 'Users that it was decided for.';
comment on column pushledger.messages.pushes is 'Deliveries that became due by it.';
comment on column pushledger.messages.conversation is 'group/<id> or pair/<user>/<user>; see conversation_name.';
comment on column pushledger.messages.sequence is 'Its number among the conversation''s messages that count for all; 0 where it does not.';
comment on column pushledger.messages.counted_targets is 'For whom it counts where it went to chosen members of a group: their ids; else empty.';
comment on column pushledger.messages.recalled_at is 'The position of its recall; null: none.';
grant select on pushledger.messages to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.pauses (
  app text collate "C",
  provider text collate "C",
  paused_at timestamp with time zone,
  key_id text collate "C",
  reason text
);
comment on view pushledger.pauses is 'What is paused: nothing of it is pushed until it is resumed; what is in flight is finished.';
comment on column pushledger.pauses.app is 'The app.';
comment on column pushledger.pauses.provider is 'The channel; null: all of the app.';
comment on column pushledger.pauses.paused_at is 'Since when.';
comment on column pushledger.pauses.key_id is 'The API key under which it was ordered in the console; null: by the command.';
comment on column pushledger.pauses.reason is 'Why, in the words of who ordered it.';
grant select on pushledger.pauses to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.projection_status (
  app text collate "C",
  projection text collate "C",
  serves boolean,
  "position" bigint,
  head bigint,
  lag_events bigint,
  lag_seconds double precision,
  updated_at timestamp with time zone,
  paused_at timestamp with time zone,
  failed_at timestamp with time zone,
  failed_position bigint,
  failure text,
  mended_to bigint
);
comment on view pushledger.projection_status is 'How far each projection has followed each app''s ledger, and why it stands still.';
comment on column pushledger.projection_status.app is 'The app.';
comment on column pushledger.projection_status.projection is 'The projection''s name.';
comment on column pushledger.projection_status.serves is 'Whether it is what readers see; false while it is being built beside.';
comment on column pushledger.projection_status."position" is 'Its checkpoint: what is in the ledger up to here shows in it.';
comment on column pushledger.projection_status.head is 'The ledger''s last position.';
comment on column pushledger.projection_status.lag_events is 'Head minus checkpoint.';
comment on column pushledger.projection_status.lag_seconds is 'For how long the oldest event that it lacks has been in the ledger; 0 where it lacks none.';
comment on column pushledger.projection_status.updated_at is 'When the checkpoint moved; null before the first time.';
comment on column pushledger.projection_status.paused_at is 'Since when somebody wants it to stand still; null: it goes on.';
comment on column pushledger.projection_status.failed_at is 'Since when it stands still at an event that cannot be folded; null: it does not.';
comment on column pushledger.projection_status.failed_position is 'Which event that is.';
comment on column pushledger.projection_status.failure is 'Why it cannot be folded.';
comment on column pushledger.projection_status.mended_to is 'Since another took over, what is due has been set right for messages up to here, and nothing is folded before all is; null: all is.';
grant select on pushledger.projection_status to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.refused_credentials (
  dispatcher text collate "C",
  app text collate "C",
  provider text collate "C",
  credential_id text collate "C",
  reason text
);
comment on view pushledger.refused_credentials is 'Credentials that running dispatchers can''t use. What needs one of them waits.';
comment on column pushledger.refused_credentials.dispatcher is 'Who can''t: another may have the key that opens it.';
comment on column pushledger.refused_credentials.app is 'Whose credential it is.';
comment on column pushledger.refused_credentials.provider is 'The channel.';
comment on column pushledger.refused_credentials.credential_id is 'The credential.';
comment on column pushledger.refused_credentials.reason is 'What is wrong with it; holds nothing of its secret.';
grant select on pushledger.refused_credentials to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.standings (
  app text collate "C",
  user_id text collate "C",
  conversation text collate "C",
  "position" bigint,
  receive text collate "C",
  read_position bigint,
  read_sequence bigint,
  adjustment bigint,
  frozen_at bigint
);
comment on view pushledger.standings is 'How users stood in conversations after each event that moved them: what unread_at counts from.';
comment on column pushledger.standings.app is 'The app.';
comment on column pushledger.standings.user_id is 'The user.';
comment on column pushledger.standings.conversation is 'group/<id> or pair/<user>/<user>; see conversation_name.';
comment on column pushledger.standings."position" is 'The event: they came, left, read, set a count or an option; or the first message of a pair.';
comment on column pushledger.standings.receive is 'What the user wanted to hear of it; null, as all that follows, where they left.';
comment on column pushledger.standings.read_position is 'The read mark: what is in the ledger up to here was read.';
comment on column pushledger.standings.read_sequence is 'The conversation''s sequence at the read mark.';
comment on column pushledger.standings.adjustment is 'What own, recalled, rejected and targeted messages after the mark add; see unread_count.';
comment on column pushledger.standings.frozen_at is 'While all was rejected: the sequence at which the count stood still.';
grant select on pushledger.standings to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.suppressed_counts (
  app text collate "C",
  message_id text collate "C",
  "position" bigint,
  reason text collate "C",
  count integer,
  decided_at timestamp with time zone
);
comment on view pushledger.suppressed_counts is 'Suppressed decisions of messages to more recipients than the app''s suppressed_rows_limit.';
comment on column pushledger.suppressed_counts.app is 'The app.';
comment on column pushledger.suppressed_counts.message_id is 'The message.';
comment on column pushledger.suppressed_counts."position" is 'The message''s place in the ledger.';
comment on column pushledger.suppressed_counts.reason is 'Why nobody was pushed.';
comment on column pushledger.suppressed_counts.count is 'How many decisions said so.';
comment on column pushledger.suppressed_counts.decided_at is 'When they were made: at the commit.';
grant select on pushledger.suppressed_counts to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.suppression_rules (
  reason text,
  rule text,
  sentence text
);
comment on view pushledger.suppression_rules is 'What each reason of a suppressed decision means: the rules of docs/decisions.md, section 2.';
comment on column pushledger.suppression_rules.reason is 'As deliveries.reason has it.';
comment on column pushledger.suppression_rules.rule is 'The rule''s number.';
comment on column pushledger.suppression_rules.sentence is 'What held for the recipient or device.';
grant select on pushledger.suppression_rules to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.tokens (
  app text collate "C",
  user_id text,
  device_id text,
  place integer,
  provider text,
  token_sha256 text,
  platform text,
  app_version text,
  since_position bigint,
  since_at timestamp with time zone,
  until_position bigint,
  until_at timestamp with time zone,
  ended_by text,
  ended_reason text
);
comment on view pushledger.tokens is 'Every registration of a push token, since when, until when, and why it ended. A device with several ways has a row for each.';
comment on column pushledger.tokens.app is 'The app.';
comment on column pushledger.tokens.user_id is 'Whose device it was registered for.';
comment on column pushledger.tokens.device_id is 'The device.';
comment on column pushledger.tokens.place is '0 for the device''s first way, 1 to 3 for others.';
comment on column pushledger.tokens.provider is 'The channel.';
comment on column pushledger.tokens.token_sha256 is 'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column pushledger.tokens.platform is 'What the device said it was.';
comment on column pushledger.tokens.app_version is 'The app''s version then.';
comment on column pushledger.tokens.since_position is 'Place of its device.registered.';
comment on column pushledger.tokens.since_at is 'When that was committed.';
comment on column pushledger.tokens.until_position is 'Place of the event that ended it; null: pushes go by it still.';
comment on column pushledger.tokens.until_at is 'When that was committed.';
comment on column pushledger.tokens.ended_by is 'renewed: the same token again; replaced: by others; taken: a token of the device was registered by another one; kicked: by a login elsewhere; token_invalidated, logged_out, unregistered, user_deleted.';
comment on column pushledger.tokens.ended_reason is 'What the provider said of a token_invalidated; null otherwise.';
grant select on pushledger.tokens to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.unread (
  app text collate "C",
  user_id text collate "C",
  group_id text collate "C",
  peer text collate "C",
  unread bigint,
  receive text collate "C",
  read_position bigint,
  conversation text collate "C"
);
comment on view pushledger.unread is 'How much is unread for whom: a row for each user and conversation they have a part in.';
comment on column pushledger.unread.app is 'The app.';
comment on column pushledger.unread.user_id is 'The user whose unread count it is.';
comment on column pushledger.unread.group_id is 'The group; null for the talk of two users.';
comment on column pushledger.unread.peer is 'The other user; null for a group.';
comment on column pushledger.unread.unread is 'Messages that count and are not read.';
comment on column pushledger.unread.receive is 'What the user wants to hear of it: notify, mentions, silent or reject.';
comment on column pushledger.unread.read_position is 'The read mark: what is in the ledger up to here is read.';
comment on column pushledger.unread.conversation is 'group/<id> or pair/<user>/<user>; see conversation_name.';
grant select on pushledger.unread to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.users (
  app text collate "C",
  user_id text collate "C",
  nickname text,
  badge_source text collate "C",
  muted_until timestamp with time zone,
  quiet_from_second integer,
  quiet_to_second integer,
  quiet_time_zone text,
  tags text[],
  attributes jsonb,
  deleted boolean
);
comment on view pushledger.users is 'What the ledger says of the users now.';
comment on column pushledger.users.app is 'The app.';
comment on column pushledger.users.user_id is 'The user, as the chat backend names them.';
comment on column pushledger.users.nickname is 'The name shown before a message.';
comment on column pushledger.users.badge_source is 'reported: the client''s count goes on; derived: the sum of the unread counts; null: reported.';
comment on column pushledger.users.muted_until is 'Nothing rings before this time.';
comment on column pushledger.users.quiet_from_second is 'Start of the daily quiet time, seconds since midnight, inclusive.';
comment on column pushledger.users.quiet_to_second is 'End of the daily quiet time, seconds since midnight, exclusive.';
comment on column pushledger.users.quiet_time_zone is 'IANA time zone of the quiet time.';
comment on column pushledger.users.tags is 'What the user is chosen by when something is sent to many.';
comment on column pushledger.users.attributes is 'The same, as names with values.';
comment on column pushledger.users.deleted is 'True: the account was deleted, and nothing was said of the user since.';
grant select on pushledger.users to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create view pushledger.webhooks (
  sdkappid bigint,
  app text collate "C",
  "position" bigint,
  behind bigint,
  calls bigint,
  failures integer,
  failing_since timestamp with time zone,
  retry_at timestamp with time zone,
  reason text,
  is_held boolean
);
comment on view pushledger.webhooks is 'How far each webhook was told its app''s ledger.';
comment on column pushledger.webhooks.sdkappid is 'The SDKAppID.';
comment on column pushledger.webhooks.app is 'The app.';
comment on column pushledger.webhooks."position" is 'Place in the ledger up to which everything was told.';
comment on column pushledger.webhooks.behind is 'Events after that.';
comment on column pushledger.webhooks.calls is 'Calls that were answered, since it was set.';
comment on column pushledger.webhooks.failures is 'How often the next call failed in a row; 0 where the last one was answered.';
comment on column pushledger.webhooks.failing_since is 'When the first of these failed.';
comment on column pushledger.webhooks.retry_at is 'When it is tried again; null: at once.';
comment on column pushledger.webhooks.reason is 'Why it failed last; null where it did not.';
comment on column pushledger.webhooks.is_held is 'Whether a reactor is at it.';
grant select on pushledger.webhooks to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.append(in_app text, events jsonb)
  returns bigint[]
  language plpgsql volatile security definer set search_path = pg_catalog;
comment on function pushledger.append(text, jsonb) is 'Appends events to an app''s ledger in the caller''s transaction; answers their positions.';
grant execute on function pushledger.append(text, jsonb) to pushledger_writer;

create function pushledger.check_steps(in_from timestamp with time zone, in_to timestamp with time zone, step interval)
  returns interval
  language plpgsql immutable set search_path = pg_catalog;
comment on function pushledger.check_steps(timestamp with time zone, timestamp with time zone, interval) is 'The step of a report, checked: above 0, without months, at most 10,000 of them.';
grant execute on function pushledger.check_steps(timestamp with time zone, timestamp with time zone, interval) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.conversation_name(in_user text, in_peer text, in_group text)
  returns text
  language sql immutable parallel safe set search_path = pg_catalog;
comment on function pushledger.conversation_name(text, text, text) is 'What the views call a conversation: that of two users, or of a group.';
grant execute on function pushledger.conversation_name(text, text, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.delivery_rate(in_app text, in_from timestamp with time zone, in_to timestamp with time zone, step interval, by text DEFAULT NULL::text)
  returns TABLE(starts_at timestamp with time zone, kind text, pushes bigint, due bigint, accepted bigint, refused bigint, expired bigint, cancelled bigint, delivered bigint, opened bigint, suppressed bigint, accepted_share numeric)
  language plpgsql stable set search_path = pg_catalog;
comment on function pushledger.delivery_rate(text, timestamp with time zone, timestamp with time zone, interval, text) is 'Deliveries of an app by time step and kind: decided, accepted, refused, expired, suppressed.';
grant execute on function pushledger.delivery_rate(text, timestamp with time zone, timestamp with time zone, interval, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.device_at(in_app text, in_user text, in_device text, in_position bigint)
  returns TABLE(platform text, provider text, token_sha256 text, topic text, environment text, app_version text, locale text, push boolean, c2c_sound text, group_sound text, video_sound text, state text, registered_at timestamp with time zone, credential_id text, kicked_at bigint, active_at timestamp with time zone, reach text, fallbacks jsonb)
  language plpgsql stable set search_path = pg_catalog set jit = off set plan_cache_mode = force_generic_plan;
comment on function pushledger.device_at(text, text, text, bigint) is 'A device as it was at a position: what it was, its tokens'' hashes, settings, and state.';
grant execute on function pushledger.device_at(text, text, text, bigint) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.funnel(in_app text, in_from timestamp with time zone, in_to timestamp with time zone, in_provider text DEFAULT NULL::text)
  returns TABLE(place integer, stage text, number bigint, share_of_previous numeric)
  language sql stable set search_path = pg_catalog;
comment on function pushledger.funnel(text, timestamp with time zone, timestamp with time zone, text) is 'How many messages, decisions and pushes got how far: sent, decided, due, …, opened.';
grant execute on function pushledger.funnel(text, timestamp with time zone, timestamp with time zone, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.hour_of(moment timestamp with time zone)
  returns timestamp with time zone
  language sql immutable parallel safe;
comment on function pushledger.hour_of(timestamp with time zone) is 'The hour in UTC in which a moment lies.';
grant execute on function pushledger.hour_of(timestamp with time zone) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.latency(in_app text, in_from timestamp with time zone, in_to timestamp with time zone, step interval, stage text DEFAULT 'accepted'::text, by text DEFAULT NULL::text)
  returns TABLE(starts_at timestamp with time zone, kind text, count bigint, p50_seconds double precision, p95_seconds double precision, p99_seconds double precision)
  language plpgsql stable set search_path = pg_catalog;
comment on function pushledger.latency(text, timestamp with time zone, timestamp with time zone, interval, text, text) is 'How long pushes took, by time step and kind: percentiles from the hourly histograms.';
grant execute on function pushledger.latency(text, timestamp with time zone, timestamp with time zone, interval, text, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.latency_bounds()
  returns double precision[]
  language sql immutable parallel safe;
comment on function pushledger.latency_bounds() is 'Where one bucket of a latency histogram ends and the next begins, in seconds.';
grant execute on function pushledger.latency_bounds() to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.latency_bucket(duration interval)
  returns smallint
  language sql immutable parallel safe;
comment on function pushledger.latency_bucket(interval) is 'The bucket of a duration: how many of the bounds it reached.';
grant execute on function pushledger.latency_bucket(interval) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.noisy_tokens(in_app text, in_from timestamp with time zone, in_to timestamp with time zone, in_limit integer DEFAULT 20)
  returns TABLE(user_id text, device_id text, noise bigint, registrations bigint, tokens bigint, invalidated bigint, refused bigint, retried bigint, unknown bigint, not_shown bigint, last_reason text)
  language plpgsql stable set search_path = pg_catalog set jit = off;
comment on function pushledger.noisy_tokens(text, timestamp with time zone, timestamp with time zone, integer) is 'The devices whose pushes failed, or whose tokens came and went, most often in a time.';
grant execute on function pushledger.noisy_tokens(text, timestamp with time zone, timestamp with time zone, integer) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.position_at(in_app text, moment timestamp with time zone)
  returns bigint
  language plpgsql stable set search_path = pg_catalog;
comment on function pushledger.position_at(text, timestamp with time zone) is 'The last position of an app''s ledger at a moment: what was known then.';
grant execute on function pushledger.position_at(text, timestamp with time zone) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.skipped_events(in_app text)
  returns bigint[]
  language sql stable set search_path = pg_catalog;
comment on function pushledger.skipped_events(text) is 'Positions of the events that are left out of the projection notifications by decision.';
grant execute on function pushledger.skipped_events(text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.status_rank(status text)
  returns integer
  language sql immutable parallel safe;
comment on function pushledger.status_rank(text) is 'A delivery only ever moves to a status of a higher rank.';
grant execute on function pushledger.status_rank(text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.timeline(in_app text, message_id text)
  returns TABLE("position" bigint, occurred_at timestamp with time zone, recorded_at timestamp with time zone, type text, "user" text, device text, attempt integer, outcome text, reason text, data jsonb, content json)
  language sql stable set search_path = pg_catalog;
comment on function pushledger.timeline(text, text) is 'The events of one message in ledger order: sent, attempts, receipts, recall.';
grant execute on function pushledger.timeline(text, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.token_end(in_app text, in_position bigint, in_provider text, in_sha256 text)
  returns TABLE("position" bigint, recorded_at timestamp with time zone, ended_by text, reason text)
  language plpgsql stable set search_path = pg_catalog set jit = off set plan_cache_mode = force_generic_plan;
comment on function pushledger.token_end(text, bigint, text, text) is 'How a registration of a token ended; no row while pushes go by it still.';
grant execute on function pushledger.token_end(text, bigint, text, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.unread_at(in_app text, in_user text, in_position bigint, in_conversation text DEFAULT NULL::text)
  returns TABLE(conversation text, group_id text, peer text, unread bigint, receive text, read_position bigint)
  language plpgsql stable set search_path = pg_catalog set jit = off set plan_cache_mode = force_generic_plan;
comment on function pushledger.unread_at(text, text, bigint, text) is 'How much was unread for a user at a position, by conversation: what the fold said there.';
grant execute on function pushledger.unread_at(text, text, bigint, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.unread_count(sequence bigint, read_sequence bigint, adjustment bigint, frozen_at bigint)
  returns bigint
  language sql immutable parallel safe;
comment on function pushledger.unread_count(bigint, bigint, bigint, bigint) is 'A member''s unread count: a difference of two numbers, adjusted.';
grant execute on function pushledger.unread_count(bigint, bigint, bigint, bigint) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.void_registrations(in_app text, in_stream text, in_position bigint)
  returns bigint[]
  language plpgsql stable set search_path = pg_catalog set jit = off set plan_cache_mode = force_generic_plan;
comment on function pushledger.void_registrations(text, text, bigint) is 'Positions of the registrations while_logged_in that counted for nothing, since the client was not: of a device, and of those that it shares tokens with.';
grant execute on function pushledger.void_registrations(text, text, bigint) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create function pushledger.why_suppressed(in_app text, in_from timestamp with time zone, in_to timestamp with time zone, in_user text DEFAULT NULL::text, in_conversation text DEFAULT NULL::text, in_message text DEFAULT NULL::text)
  returns TABLE(reason text, decisions bigint, messages bigint, rule text, sentence text)
  language plpgsql stable set search_path = pg_catalog set jit = off set plan_cache_mode = force_generic_plan;
comment on function pushledger.why_suppressed(text, timestamp with time zone, timestamp with time zone, text, text, text) is 'Why nobody was pushed: suppressed decisions of an app, user, conversation or message by reason.';
grant execute on function pushledger.why_suppressed(text, timestamp with time zone, timestamp with time zone, text, text, text) to pushledger_dispatcher, pushledger_projector, pushledger_reactor, pushledger_reader, pushledger_writer;

create schema reactions;
comment on schema reactions is 'How far what follows the ledger has come.';
grant usage on schema reactions to pushledger_reactor;

create table reactions.broadcasts (
  app text collate "C" not null,
  broadcast_id text collate "C" not null,
  "position" bigint not null,
  after_user text collate "C" not null,
  recipients bigint not null,
  total bigint not null,
  finished boolean not null,
  constraint broadcasts_pk PRIMARY KEY (app, broadcast_id)
);
comment on table reactions.broadcasts is 'How far a message to many was sent.';
comment on column reactions.broadcasts.app is 'The app.';
comment on column reactions.broadcasts.broadcast_id is 'The broadcast.';
comment on column reactions.broadcasts."position" is 'Place of its broadcast.started.';
comment on column reactions.broadcasts.after_user is 'It was sent to all its recipients up to this one, in the order of their ids.';
comment on column reactions.broadcasts.recipients is 'Users it was sent to so far.';
comment on column reactions.broadcasts.total is 'Users it was for when it began.';
comment on column reactions.broadcasts.finished is 'Whether it was sent to all.';
grant insert, select, update on reactions.broadcasts to pushledger_reactor;

create table reactions.webhooks (
  sdkappid bigint not null,
  app text collate "C" not null,
  "position" bigint not null,
  owner text collate "C",
  leased_until timestamp with time zone,
  calls bigint not null default 0,
  failures integer not null default 0,
  failing_since timestamp with time zone,
  failed_position bigint,
  retry_at timestamp with time zone,
  reason text,
  constraint webhooks_pk PRIMARY KEY (sdkappid),
  constraint webhooks_sdkappid FOREIGN KEY (sdkappid) REFERENCES ledger.tencent_webhooks(sdkappid) ON DELETE CASCADE
);
comment on table reactions.webhooks is 'How far each webhook was told its app''s ledger, and who is at it.';
comment on column reactions.webhooks.sdkappid is 'The SDKAppID.';
comment on column reactions.webhooks.app is 'The app.';
comment on column reactions.webhooks."position" is 'Place in the ledger up to which everything was told.';
comment on column reactions.webhooks.owner is 'The process that calls it.';
comment on column reactions.webhooks.leased_until is 'Another may take over after this time.';
comment on column reactions.webhooks.calls is 'Calls that were answered, since it was set.';
comment on column reactions.webhooks.failures is 'How often the next call failed in a row; 0 where the last one was answered.';
comment on column reactions.webhooks.failing_since is 'When the first of these failed.';
comment on column reactions.webhooks.failed_position is 'The last event that the call which fails tells of; null where the last one was answered.';
comment on column reactions.webhooks.retry_at is 'When it is tried again; null: at once.';
comment on column reactions.webhooks.reason is 'Why it failed last; null where it did not.';
grant select, update on reactions.webhooks to pushledger_reactor;
