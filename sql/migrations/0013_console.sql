-- The console: who is signed in to it, and what was done there.

create table ledger.console_sessions (
  app text collate "C" not null,
  session_id text collate "C" not null,
  secret_sha256 bytea not null,
  key_id text collate "C" not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  constraint console_sessions_pk primary key (session_id),
  constraint console_sessions_key foreign key (app, key_id)
    references ledger.api_keys (app, key_id) on delete cascade,
  constraint console_sessions_session_id_form check (session_id ~ '^[0-9a-f]{32}$'),
  constraint console_sessions_secret_length check (octet_length(secret_sha256) = 32),
  constraint console_sessions_order check (expires_at > created_at)
);
create index console_sessions_of_key on ledger.console_sessions (app, key_id, created_at);
comment on table ledger.console_sessions is
  'Browsers that are signed in to the console with an API key. What a browser shows is kept as a '
  'hash: who reads this table cannot sign in.';
comment on column ledger.console_sessions.app is 'The app that the key speaks for.';
comment on column ledger.console_sessions.session_id is 'The cookie''s public part.';
comment on column ledger.console_sessions.secret_sha256 is
  'SHA-256 of the cookie''s secret part, which is random and too long to guess.';
comment on column ledger.console_sessions.key_id is
  'The key that was shown; once it is revoked the session is worth nothing.';
comment on column ledger.console_sessions.created_at is 'When it was shown.';
comment on column ledger.console_sessions.expires_at is 'Until when the session is good.';

create table ledger.audit (
  app text collate "C" not null,
  entry bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  key_id text collate "C" not null,
  action text collate "C" not null,
  subject jsonb not null default '{}',
  constraint audit_pk primary key (app, entry),
  constraint audit_app foreign key (app) references ledger.apps (app),
  constraint audit_action_form check (action ~ '^[a-z_]{1,64}$'),
  constraint audit_subject_object check (
    jsonb_typeof(subject) = 'object' and octet_length(subject::text) <= 4096)
);
comment on table ledger.audit is
  'What was done in the console that is no event of the ledger, such as signing in.';
comment on column ledger.audit.app is 'The app.';
comment on column ledger.audit.entry is 'Counts up.';
comment on column ledger.audit.at is 'When.';
comment on column ledger.audit.key_id is 'Under which key.';
comment on column ledger.audit.action is 'What, such as sign_in.';
comment on column ledger.audit.subject is 'To what, by its ids; no content.';
create trigger audit_never_changes before update or delete or truncate on ledger.audit
  for each statement execute function ledger.refuse_change();
