-- The ledger: apps, their keys and credentials, and for each app one gapless list of events.
--
-- `app` is the first column of every key and index: on a distributed PostgreSQL these tables are
-- distributed by it. Names and ids collate "C", that is byte by byte: as PushLedger compares
-- them, and the same after an upgrade of the system's locales.

do $$
begin
  if current_setting('server_encoding') <> 'UTF8' then
    raise exception 'the database''s encoding is %, PushLedger needs UTF8',
      current_setting('server_encoding')
      using hint = 'Create it with: create database ... encoding ''UTF8'' template template0';
  end if;
end
$$;

create schema if not exists ledger;
comment on schema ledger is
  'What happened, kept for good: apps and their events. Written only through its functions.';

create schema if not exists pushledger;
comment on schema pushledger is
  'Stable names to read and to append by: views and functions only. The tables behind may change.';

-- What is installed ------------------------------------------------------------------------

create table ledger.migrations (
  number int not null,
  name text collate "C" not null,
  sha256 bytea not null,
  applied_at timestamptz not null,
  constraint migrations_pk primary key (number),
  constraint migrations_sha256_length check (octet_length(sha256) = 32)
);
comment on table ledger.migrations is 'The migrations applied to this database.';
comment on column ledger.migrations.number is 'Place in the order of application, from 1.';
comment on column ledger.migrations.name is 'The file''s name in sql/migrations.';
comment on column ledger.migrations.sha256 is 'Checksum of the file as it was applied.';
comment on column ledger.migrations.applied_at is 'When it was applied.';

create table ledger.installed (
  kind text collate "C" not null,
  name text collate "C" not null,
  sha256 bytea not null,
  installed_at timestamptz not null,
  constraint installed_pk primary key (kind, name),
  constraint installed_kind_known check (kind in ('function', 'view', 'grant')),
  constraint installed_sha256_length check (octet_length(sha256) = 32)
);
comment on table ledger.installed is
  'The functions, views and grants of this database; one that changed is installed again.';
comment on column ledger.installed.kind is 'function, view or grant.';
comment on column ledger.installed.name is 'The file''s name in sql/functions, views or grants.';
comment on column ledger.installed.sha256 is 'Checksum of the file as it was installed.';
comment on column ledger.installed.installed_at is 'When it was last installed.';

-- Apps -------------------------------------------------------------------------------------

create table ledger.apps (
  app text collate "C" not null,
  lanes int not null default 8,
  language text collate "C" not null default 'en',
  suppressed_rows_limit int not null default 20,
  push_lifetime_seconds bigint not null default 604800,
  cancel_on_read boolean not null default true,
  cancel_on_foreground boolean not null default true,
  login_policy text collate "C" not null default 'one_per_platform',
  reachable_days int,
  created_at timestamptz not null,
  constraint apps_pk primary key (app),
  constraint apps_app_form check (app ~ '^[a-z0-9._-]{1,64}$'),
  constraint apps_lanes_range check (lanes between 1 and 64),
  constraint apps_language_known check (language in ('en', 'zh')),
  constraint apps_suppressed_rows_limit_range check (suppressed_rows_limit between 0 and 100000),
  constraint apps_login_policy_known check (
    login_policy in ('one_per_platform', 'three_platforms', 'two_platforms', 'one_platform', 'any')),
  constraint apps_reachable_days_range check (reachable_days between 1 and 3650),
  constraint apps_push_lifetime_range check (push_lifetime_seconds between 1 and 31536000)
);
comment on table ledger.apps is 'The tenants and their settings. Each has one ledger.';
comment on column ledger.apps.app is 'The tenant''s name: 1 to 64 of a-z 0-9 - _ .';
comment on column ledger.apps.lanes is 'Lanes that the app''s due pushes are spread over, 1 to 64.';
comment on column ledger.apps.language is 'Language of placeholders in notifications: en or zh.';
comment on column ledger.apps.suppressed_rows_limit is
  'A message to more recipients than this keeps its suppressed ones as counts, not rows.';
comment on column ledger.apps.push_lifetime_seconds is
  'How long a push is tried when its message names no expiry, in seconds.';
comment on column ledger.apps.cancel_on_read is
  'Whether a due push is cancelled once its message is read.';
comment on column ledger.apps.cancel_on_foreground is
  'Whether a due push is cancelled once its device comes to the foreground.';
comment on column ledger.apps.login_policy is
  'Which other devices of a user a client''s login logs out.';
comment on column ledger.apps.reachable_days is
  'Days after which a device that nothing was heard of counts as offline; null: never.';
comment on column ledger.apps.created_at is 'When the app was created.';

create table ledger.api_keys (
  app text collate "C" not null,
  key_id text collate "C" not null,
  secret_sha256 bytea not null,
  scopes text[] not null,
  label text not null,
  created_at timestamptz not null,
  revoked_at timestamptz,
  constraint api_keys_pk primary key (app, key_id),
  constraint api_keys_app foreign key (app) references ledger.apps (app),
  constraint api_keys_key_id_form check (key_id ~ '^[a-z0-9._-]{1,64}[.][0-9A-Za-z]{8,32}$'),
  constraint api_keys_secret_length check (octet_length(secret_sha256) = 32),
  constraint api_keys_scopes_known check (
    cardinality(scopes) > 0 and scopes <@ array['send', 'device', 'read', 'admin']),
  constraint api_keys_label_bytes check (octet_length(label) <= 256)
);
comment on table ledger.api_keys is 'Keys of the HTTP API. The key itself is shown once, not kept.';
comment on column ledger.api_keys.app is 'The app that the key speaks for.';
comment on column ledger.api_keys.key_id is 'The key''s public part: the app, a point, and random characters.';
comment on column ledger.api_keys.secret_sha256 is
  'SHA-256 of the key''s secret part, which is random and too long to guess.';
comment on column ledger.api_keys.scopes is 'What the key may do: send, device, read, admin.';
comment on column ledger.api_keys.label is 'What its owner calls it.';
comment on column ledger.api_keys.created_at is 'When it was created.';
comment on column ledger.api_keys.revoked_at is 'When it was revoked; null while it is good.';

create table ledger.provider_credentials (
  app text collate "C" not null,
  provider text collate "C" not null,
  credential_id text collate "C" not null,
  topics text[] not null default '{}',
  environment text collate "C",
  settings jsonb not null default '{}',
  sealed bytea not null,
  key_id text collate "C" not null,
  created_at timestamptz not null,
  constraint provider_credentials_pk primary key (app, provider, credential_id),
  constraint provider_credentials_app foreign key (app) references ledger.apps (app),
  constraint provider_credentials_provider_known check (
    provider in ('apns', 'fcm', 'huawei', 'honor', 'xiaomi', 'oppo', 'vivo', 'meizu', 'webpush',
      'callback')),
  constraint provider_credentials_id_form check (credential_id ~ '^[0-9A-Za-z._-]{1,128}$'),
  constraint provider_credentials_environment_known check (
    environment in ('production', 'sandbox')),
  constraint provider_credentials_settings_object check (jsonb_typeof(settings) = 'object'),
  constraint provider_credentials_sealed_bytes check (
    octet_length(sealed) between 30 and 65565),
  constraint provider_credentials_key_id_form check (key_id ~ '^[0-9a-f]{16}$')
);
comment on table ledger.provider_credentials is
  'What the dispatcher signs in to push providers with. The secrets are sealed under a master key '
  'that stands nowhere in the database; even so they are for the dispatcher''s role only.';
comment on column ledger.provider_credentials.app is 'The app whose pushes it sends.';
comment on column ledger.provider_credentials.provider is 'The push provider, such as apns.';
comment on column ledger.provider_credentials.credential_id is 'Its name, unique in the provider.';
comment on column ledger.provider_credentials.topics is
  'The topics (bundle ids, package names) it is good for; empty: all.';
comment on column ledger.provider_credentials.environment is
  'production or sandbox where it is good for one only; null: both.';
comment on column ledger.provider_credentials.settings is
  'What else is needed and is no secret, such as team_id, key_id, host.';
comment on column ledger.provider_credentials.sealed is
  'The private key or certificate, sealed with AES-256-GCM: the version 1 in one byte, a nonce of '
  '12 bytes, the ciphertext, a tag of 16. Bound to app, provider and credential_id, with a zero '
  'byte between them: on another row it does not open.';
comment on column ledger.provider_credentials.key_id is
  'Which master key opens it: the first 16 hexadecimal digits of that key''s SHA-256.';
comment on column ledger.provider_credentials.created_at is 'When it was added.';

create function ledger.announce_credentials() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  perform pg_notify('pushledger_credentials', coalesce(new.app, old.app));
  return null;
end
$$;
comment on function ledger.announce_credentials() is
  'Trigger of ledger.provider_credentials: wakes the dispatchers, which read them again.';

create trigger credentials_are_announced
  after insert or update or delete on ledger.provider_credentials
  for each row execute function ledger.announce_credentials();

-- Events -----------------------------------------------------------------------------------

create table ledger.heads (
  app text collate "C" not null,
  position bigint not null,
  commit_number bigint not null,
  chain bytea not null,
  recorded_at timestamptz not null,
  constraint heads_pk primary key (app),
  constraint heads_app foreign key (app) references ledger.apps (app),
  constraint heads_position_range check (position >= 0),
  constraint heads_commit_number_range check (commit_number >= 0),
  constraint heads_chain_length check (octet_length(chain) = 32)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 1000);
comment on table ledger.heads is
  'Where each app''s ledger ends. Its row is locked by an append until that commits.';
comment on column ledger.heads.app is 'The app.';
comment on column ledger.heads.position is 'Position of its last event; 0 before the first.';
comment on column ledger.heads.commit_number is 'Number of its last commit; 0 before the first.';
comment on column ledger.heads.chain is
  'Hash chain at the last commit; before the first the SHA-256 of the app''s name.';
comment on column ledger.heads.recorded_at is 'Time of the last commit.';

create table ledger.commits (
  app text collate "C" not null,
  commit_number bigint not null,
  first_position bigint not null,
  last_position bigint not null,
  recorded_at timestamptz not null,
  chain bytea not null,
  constraint commits_pk primary key (app, commit_number),
  constraint commits_positions_order check (
    first_position >= 1 and last_position >= first_position),
  constraint commits_chain_length check (octet_length(chain) = 32)
);
comment on table ledger.commits is
  'One row for each append: a hash over its events, chained to the commit before it.';
comment on column ledger.commits.app is 'The app.';
comment on column ledger.commits.commit_number is 'Place among the app''s commits, from 1.';
comment on column ledger.commits.first_position is 'Position of its first event.';
comment on column ledger.commits.last_position is 'Position of its last event.';
comment on column ledger.commits.recorded_at is 'Its time, which all its events carry.';
comment on column ledger.commits.chain is
  'SHA-256 of the chain before it, its events'' digests in order, and recorded_at.';

create table ledger.events (
  app text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  type text collate "C" not null,
  schema smallint not null,
  stream text collate "C" not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  data jsonb not null,
  content json,
  content_sha256 bytea,
  digest bytea not null,
  constraint events_pk primary key (app, position),
  constraint events_event_id unique (app, event_id),
  constraint events_schema_range check (schema >= 1),
  constraint events_type_bytes check (octet_length(type) between 1 and 64),
  constraint events_stream_bytes check (octet_length(stream) between 1 and 300),
  constraint events_data_object check (jsonb_typeof(data) = 'object')
);
create index events_stream on ledger.events (app, stream, position);
-- What an explanation folds again: of users, groups and devices the events that are few, past the
-- many that say where an app is and what was read; of a group those about one member; and who
-- registered a token.
create index events_facts on ledger.events (app, stream, position)
  where type in (
    'user.updated', 'user.deleted', 'group.updated', 'group.dissolved',
    'conversation.receive_changed', 'conversation.unread_set', 'device.logged_in',
    'device.registered', 'device.settings_changed', 'device.unregistered',
    'device.token_invalidated', 'device.logged_out', 'device.offline');
create index events_members on ledger.events (app, (data ->> 'user'), stream, position)
  where type in ('group.member_added', 'group.receive_changed', 'group.member_removed');
create index events_tokens on ledger.events
  using gin (jsonb_path_query_array(data, 'strict $.**.token_sha256'))
  with (fastupdate = off) where type = 'device.registered';
-- Messages that are not kept stand in no projection: a replay for one user finds them by this.
create index events_online_only on ledger.events (app, position)
  where type = 'message.sent' and data -> 'online_only' = 'true';
-- What was erased, and by which event.
create index events_erasures on ledger.events (app, position) where type = 'content.erased';
comment on table ledger.events is
  'Every fact of every app, in the order of its app''s ledger. Never changed but for content that '
  'ledger.erase takes away.';
comment on column ledger.events.app is 'The app whose ledger it is in.';
comment on column ledger.events.position is 'Its place there: 1, 2, 3 and so on without a gap.';
comment on column ledger.events.event_id is 'Its id, the caller''s: stored once in an app.';
comment on column ledger.events.type is 'What happened, such as message.sent.';
comment on column ledger.events.schema is 'Version of the form of data, from 1.';
comment on column ledger.events.stream is 'Whose history it belongs to, such as message/42.';
comment on column ledger.events.occurred_at is 'When it happened, by the caller''s clock.';
comment on column ledger.events.recorded_at is
  'When it was committed; never goes back within an app.';
comment on column ledger.events.data is 'The facts that decisions need. No personal text.';
comment on column ledger.events.content is
  'What a person wrote or can be known by; null where there is none, or where it was erased.';
comment on column ledger.events.content_sha256 is
  'SHA-256 of content''s text; stays when content is erased; null where there never was any.';
comment on column ledger.events.digest is
  'SHA-256 over the event, with content_sha256 in place of content. See sql/functions/append.sql.';

create table ledger.checkpoints (
  app text collate "C" not null,
  projection text collate "C" not null,
  position bigint not null,
  updated_at timestamptz not null,
  constraint checkpoints_pk primary key (app, projection),
  constraint checkpoints_app foreign key (app) references ledger.apps (app),
  constraint checkpoints_position_range check (position >= 0)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 1000);
comment on table ledger.checkpoints is
  'How far each projection has folded each app''s ledger; moved in the transaction of its rows.';
comment on column ledger.checkpoints.app is 'The app.';
comment on column ledger.checkpoints.projection is 'The projection''s name with its version.';
comment on column ledger.checkpoints.position is 'Position of the last event folded.';
comment on column ledger.checkpoints.updated_at is 'When it moved.';

-- Nothing that happened is changed ---------------------------------------------------------

create function ledger.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  raise exception '% on %.% is refused: what the ledger holds is never changed',
    lower(tg_op), tg_table_schema, tg_table_name
    using errcode = 'LG010', hint = 'Append an event that says what is true now.';
end
$$;
comment on function ledger.refuse_change() is
  'Trigger of ledger.events and ledger.commits: refuses update, delete and truncate. LG010.';

create function ledger.keep_events() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  if not exists (select from rows_before)
    or exists (
      with newest as (
        select a.app, (
            select e.data -> 'positions' from ledger.events e
              where e.app = a.app and e.type = 'content.erased'
              order by e.app desc, e.position desc limit 1) as positions
          from (select distinct n.app from rows_after n) a
      ), named as (
        select w.app, p.value::bigint as position
          from newest w cross join lateral jsonb_array_elements_text(w.positions) as p (value)
      )
      select from rows_after n
        left join rows_before o on o.app = n.app and o.position = n.position
        left join named m on m.app = n.app and m.position = n.position
        where m.position is null or o.content is null or n.content is not null
          or (o.event_id, o.type, o.schema, o.stream, o.occurred_at, o.recorded_at, o.data,
            o.content_sha256, o.digest)
          is distinct from (n.event_id, n.type, n.schema, n.stream, n.occurred_at, n.recorded_at,
            n.data, n.content_sha256, n.digest))
  then
    raise exception '% on %.% is refused: what the ledger holds is never changed',
      lower(tg_op), tg_table_schema, tg_table_name
      using errcode = 'LG010', hint = 'Append an event that says what is true now.';
  end if;
  return null;
end
$$;
comment on function ledger.keep_events() is
  'Trigger of ledger.events: refuses every update but that of content to null, where the app''s '
  'newest content.erased names the position and nothing else changes. LG010.';

create trigger events_never_change before delete or truncate on ledger.events
  for each statement execute function ledger.refuse_change();
create trigger events_are_kept after update on ledger.events
  referencing old table as rows_before new table as rows_after
  for each statement execute function ledger.keep_events();
create trigger commits_never_change before update or delete or truncate on ledger.commits
  for each statement execute function ledger.refuse_change();
