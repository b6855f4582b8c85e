-- What follows the ledger and acts: calls to a backend's webhooks, and messages to many.

create table ledger.tencent_webhooks (
  sdkappid bigint not null,
  url text not null,
  token text,
  commands text[] not null,
  allows_private boolean not null,
  created_at timestamptz not null,
  constraint tencent_webhooks_pk primary key (sdkappid),
  constraint tencent_webhooks_sdkappid foreign key (sdkappid)
    references ledger.tencent_apps (sdkappid) on delete cascade,
  constraint tencent_webhooks_url_bytes check (octet_length(url) between 1 and 2048),
  constraint tencent_webhooks_token_bytes check (octet_length(token) between 1 and 256),
  constraint tencent_webhooks_commands_count check (cardinality(commands) between 1 and 20)
);
comment on table ledger.tencent_webhooks is
  'Where a backend of Tencent IM wants to be told what happened.';
comment on column ledger.tencent_webhooks.sdkappid is 'The SDKAppID.';
comment on column ledger.tencent_webhooks.url is 'What is called.';
comment on column ledger.tencent_webhooks.token is
  'What a call is signed with; null: it is not. Readable by the role that calls only.';
comment on column ledger.tencent_webhooks.commands is
  'What is told, such as C2C.CallbackAfterSendMsg.';
comment on column ledger.tencent_webhooks.allows_private is
  'True: it may be an address of this server''s own network.';
comment on column ledger.tencent_webhooks.created_at is 'When it was set.';

create schema reactions;
comment on schema reactions is 'How far what follows the ledger has come.';

create table reactions.webhooks (
  sdkappid bigint not null,
  app text collate "C" not null,
  position bigint not null,
  owner text collate "C",
  leased_until timestamptz,
  calls bigint not null default 0,
  failures int not null default 0,
  failing_since timestamptz,
  failed_position bigint,
  retry_at timestamptz,
  reason text,
  constraint webhooks_pk primary key (sdkappid),
  constraint webhooks_sdkappid foreign key (sdkappid)
    references ledger.tencent_webhooks (sdkappid) on delete cascade
);
comment on table reactions.webhooks is
  'How far each webhook was told its app''s ledger, and who is at it.';
comment on column reactions.webhooks.sdkappid is 'The SDKAppID.';
comment on column reactions.webhooks.app is 'The app.';
comment on column reactions.webhooks.position is
  'Place in the ledger up to which everything was told.';
comment on column reactions.webhooks.owner is 'The process that calls it.';
comment on column reactions.webhooks.leased_until is 'Another may take over after this time.';
comment on column reactions.webhooks.calls is 'Calls that were answered, since it was set.';
comment on column reactions.webhooks.failures is
  'How often the next call failed in a row; 0 where the last one was answered.';
comment on column reactions.webhooks.failing_since is 'When the first of these failed.';
comment on column reactions.webhooks.failed_position is
  'The last event that the call which fails tells of; null where the last one was answered.';
comment on column reactions.webhooks.retry_at is 'When it is tried again; null: at once.';
comment on column reactions.webhooks.reason is 'Why it failed last; null where it did not.';

create table reactions.broadcasts (
  app text collate "C" not null,
  broadcast_id text collate "C" not null,
  position bigint not null,
  after_user text collate "C" not null,
  recipients bigint not null,
  total bigint not null,
  finished boolean not null,
  constraint broadcasts_pk primary key (app, broadcast_id)
);
comment on table reactions.broadcasts is 'How far a message to many was sent.';
comment on column reactions.broadcasts.app is 'The app.';
comment on column reactions.broadcasts.broadcast_id is 'The broadcast.';
comment on column reactions.broadcasts.position is 'Place of its broadcast.started.';
comment on column reactions.broadcasts.after_user is
  'It was sent to all its recipients up to this one, in the order of their ids.';
comment on column reactions.broadcasts.recipients is 'Users it was sent to so far.';
comment on column reactions.broadcasts.total is 'Users it was for when it began.';
comment on column reactions.broadcasts.finished is 'Whether it was sent to all.';

create index events_broadcasts on ledger.events (app, position)
  where type = 'broadcast.started';
