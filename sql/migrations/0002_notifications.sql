-- The projection `notifications`, version 1, and what is due to be pushed.
--
-- Everything here is derived from ledger.events and can be derived again. Rows that one batch of
-- events touches are written in one transaction with the checkpoint.

create schema notifications_v1;
comment on schema notifications_v1 is
  'Projection notifications, version 1: who has how much unread, and what became of every delivery.';

create table notifications_v1.users (
  app text collate "C" not null,
  user_id text collate "C" not null,
  nickname text,
  quiet_from_second int,
  quiet_to_second int,
  quiet_time_zone text,
  muted_until timestamptz,
  badge_source text collate "C",
  tags text[],
  attributes jsonb,
  deleted boolean not null default false,
  constraint users_pkey primary key (app, user_id)
);
create index users_tags on notifications_v1.users using gin (tags);
create index users_attributes on notifications_v1.users using gin (attributes jsonb_path_ops);
comment on table notifications_v1.users is 'What the ledger says of a user.';
comment on column notifications_v1.users.app is 'The app.';
comment on column notifications_v1.users.user_id is 'The user, as the chat backend names them.';
comment on column notifications_v1.users.nickname is 'The name shown before a message.';
comment on column notifications_v1.users.quiet_from_second is
  'Start of the daily quiet time, seconds since midnight, inclusive.';
comment on column notifications_v1.users.quiet_to_second is
  'End of the daily quiet time, seconds since midnight, exclusive.';
comment on column notifications_v1.users.quiet_time_zone is 'IANA time zone of the quiet time.';
comment on column notifications_v1.users.muted_until is 'Nothing rings before this time.';
comment on column notifications_v1.users.badge_source is
  'reported: the client''s count goes on; derived: the sum of the unread counts; null: reported.';
comment on column notifications_v1.users.tags is
  'What the user is chosen by when something is sent to many.';
comment on column notifications_v1.users.attributes is 'The same, as names with values.';
comment on column notifications_v1.users.deleted is
  'True: the account was deleted, and nothing was said of the user since.';

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
  active_at timestamptz not null,
  registered_at timestamptz not null,
  constraint devices_pkey primary key (app, user_id, device_id)
);
create index devices_token on notifications_v1.devices (app, provider, token_sha256);
create index devices_active on notifications_v1.devices (app, active_at)
  where not logged_out and not offline;
-- Whose a device is, of which only its id is known. Of 100,000 devices: 6 MB, and below 1 us for
-- each time that one is written.
create index devices_device on notifications_v1.devices (app, device_id);
comment on table notifications_v1.devices is 'A device of a user, with the token it holds now.';
comment on column notifications_v1.devices.app is 'The app.';
comment on column notifications_v1.devices.user_id is 'Whose device it is.';
comment on column notifications_v1.devices.device_id is 'The device, unique for its user.';
comment on column notifications_v1.devices.platform is
  'ios, ipad, android, harmony, web, windows, mac, linux or other.';
comment on column notifications_v1.devices.provider is
  'The channel its pushes go through; null until a token is registered.';
comment on column notifications_v1.devices.token_sha256 is
  'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column notifications_v1.devices.credential_id is
  'The credential that the token belongs to; null: any that fits.';
comment on column notifications_v1.devices.token is
  'The token itself, read by the dispatcher alone; null once erased.';
comment on column notifications_v1.devices.topic is 'The app''s topic, such as a bundle id.';
comment on column notifications_v1.devices.environment is 'production or sandbox.';
comment on column notifications_v1.devices.app_version is 'The client''s version.';
comment on column notifications_v1.devices.locale is 'The client''s language.';
comment on column notifications_v1.devices.push is 'False: this device wants no push.';
comment on column notifications_v1.devices.c2c_sound is 'Sound for one-to-one messages.';
comment on column notifications_v1.devices.group_sound is 'Sound for group messages.';
comment on column notifications_v1.devices.video_sound is 'Sound for calls.';
comment on column notifications_v1.devices.activity is
  'foreground, background, killed, or null where none was reported yet.';
comment on column notifications_v1.devices.badge is 'The number on the app''s icon.';
comment on column notifications_v1.devices.token_valid is
  'False once the provider refused the token for good.';
comment on column notifications_v1.devices.logged_out is 'True: another or nobody uses it now.';
comment on column notifications_v1.devices.kicked_at is
  'Place of the login of another device that logged this one out.';
comment on column notifications_v1.devices.offline is 'True: given up as out of reach.';
comment on column notifications_v1.devices.active_at is
  'When anything was last heard of it, by the ledger''s clock.';
comment on column notifications_v1.devices.registered_at is
  'When the token was registered, by the caller''s clock.';

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
  constraint fallbacks_pkey primary key (app, user_id, device_id, provider)
);
create index fallbacks_token on notifications_v1.fallbacks (app, provider, token_sha256);
comment on table notifications_v1.fallbacks is
  'Other ways to a device: tried in their order when those before were refused for good.';
comment on column notifications_v1.fallbacks.app is 'The app.';
comment on column notifications_v1.fallbacks.user_id is 'Whose device it is.';
comment on column notifications_v1.fallbacks.device_id is 'The device.';
comment on column notifications_v1.fallbacks.provider is
  'The channel; no other way of the device goes by it.';
comment on column notifications_v1.fallbacks.place is 'Which is tried first: 1, 2, 3.';
comment on column notifications_v1.fallbacks.token_sha256 is
  'SHA-256 of the token in hex: tells tokens apart without showing them.';
comment on column notifications_v1.fallbacks.token is
  'The token itself, read by the dispatcher alone; null once erased.';
comment on column notifications_v1.fallbacks.topic is 'The app''s topic, such as a bundle id.';
comment on column notifications_v1.fallbacks.credential_id is
  'The credential that the token belongs to; null: any that fits.';
comment on column notifications_v1.fallbacks.environment is 'production or sandbox.';
comment on column notifications_v1.fallbacks.token_valid is
  'False once the provider refused the token for good.';

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
  constraint conversations_pkey primary key (app, conversation)
);
create index conversations_group on notifications_v1.conversations (app, group_id)
  where group_id is not null;
comment on table notifications_v1.conversations is
  'A group, or the talk of two users. A message that counts for all moves one number here.';
comment on column notifications_v1.conversations.app is 'The app.';
comment on column notifications_v1.conversations.conversation is
  'group/<id>, or pair/<user>/<user> in the order of their bytes; / and % percent-encoded.';
comment on column notifications_v1.conversations.group_id is 'The group; null for a pair.';
comment on column notifications_v1.conversations.first_user is 'The pair''s first user.';
comment on column notifications_v1.conversations.second_user is 'The pair''s second user.';
comment on column notifications_v1.conversations.name is 'The group''s name.';
comment on column notifications_v1.conversations.kind is
  'What kind of group it is, in the chat backend''s words.';
comment on column notifications_v1.conversations.owner is 'The group''s owner.';
comment on column notifications_v1.conversations.sequence is
  'Messages so far that count as unread for all members.';

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
  constraint members_pkey primary key (app, conversation, user_id)
);
create index members_user on notifications_v1.members (app, user_id);
comment on table notifications_v1.members is 'A user''s part in a conversation.';
comment on column notifications_v1.members.app is 'The app.';
comment on column notifications_v1.members.conversation is 'The conversation.';
comment on column notifications_v1.members.user_id is 'The member.';
comment on column notifications_v1.members.receive is 'notify, mentions, silent or reject.';
comment on column notifications_v1.members.name_card is 'The member''s name in the group.';
comment on column notifications_v1.members.read_position is
  'The read mark: messages up to this position of the ledger are read.';
comment on column notifications_v1.members.read_sequence is
  'The conversation''s sequence at the read mark.';
comment on column notifications_v1.members.adjustment is
  'What own, recalled, rejected and targeted messages after the read mark add to the difference.';
comment on column notifications_v1.members.frozen_at is
  'While receive is reject: the sequence at which the count stands still.';
comment on column notifications_v1.members.rejected is
  'Sequences after the read mark that do not count: an array of [first, last].';

create table notifications_v1.standings (
  app text collate "C" not null,
  user_id text collate "C" not null,
  conversation text collate "C" not null,
  position bigint not null,
  receive text collate "C",
  read_position bigint,
  read_sequence bigint,
  adjustment bigint,
  frozen_at bigint,
  -- Who reads a user's past reads the index alone.
  constraint standings_pkey primary key (app, user_id, conversation, position)
    include (receive, read_position, read_sequence, adjustment, frozen_at)
);
-- `replay --diff` compares them in the order of the ledger.
create index standings_position on notifications_v1.standings (app, position);
comment on table notifications_v1.standings is
  'How members stood after each event that moved them; the columns are as in members.';
comment on column notifications_v1.standings.app is 'The app.';
comment on column notifications_v1.standings.user_id is 'The member.';
comment on column notifications_v1.standings.conversation is 'The conversation.';
comment on column notifications_v1.standings.position is 'The event.';
comment on column notifications_v1.standings.receive is
  'notify, mentions, silent or reject; null, as all that follows, where they left.';
comment on column notifications_v1.standings.read_position is
  'The read mark: messages up to this position of the ledger are read.';
comment on column notifications_v1.standings.read_sequence is
  'The conversation''s sequence at the read mark.';
comment on column notifications_v1.standings.adjustment is
  'What own, recalled, rejected and targeted messages after the read mark add to the difference.';
comment on column notifications_v1.standings.frozen_at is
  'While receive is reject: the sequence at which the count stands still.';

create table notifications_v1.messages (
  app text collate "C" not null,
  message_id text collate "C" not null,
  position bigint not null,
  conversation text collate "C" not null,
  sender text collate "C" not null,
  sequence bigint not null,
  counted_targets jsonb not null,
  recalled_at bigint,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  expires_at timestamptz not null,
  notification json not null,
  recipients integer not null,
  pushes integer not null,
  constraint messages_pkey primary key (app, message_id),
  constraint messages_position unique (app, position)
);
create index messages_conversation on notifications_v1.messages (app, conversation, position)
  include (sequence);
comment on table notifications_v1.messages is 'A message that was kept, and what it decided.';
comment on column notifications_v1.messages.app is 'The app.';
comment on column notifications_v1.messages.message_id is 'The caller''s id of the message.';
comment on column notifications_v1.messages.position is 'Its place in the ledger.';
comment on column notifications_v1.messages.conversation is 'Where it was said.';
comment on column notifications_v1.messages.sender is 'Who said it.';
comment on column notifications_v1.messages.sequence is
  'Its number among those that count for all members; 0 where it has none.';
comment on column notifications_v1.messages.counted_targets is
  'For whom it counts where it went to chosen members only: an array of users.';
comment on column notifications_v1.messages.recalled_at is
  'Where it was recalled; null: nowhere.';
comment on column notifications_v1.messages.occurred_at is 'When it was sent, by the caller.';
comment on column notifications_v1.messages.recorded_at is 'When it was committed.';
comment on column notifications_v1.messages.expires_at is 'After this nobody is pushed for it.';
comment on column notifications_v1.messages.notification is
  'What a phone shows of it; badge and sound stand with the delivery.';
comment on column notifications_v1.messages.recipients is 'Users that it was decided for.';
comment on column notifications_v1.messages.pushes is 'Deliveries that became due.';

create table notifications_v1.deliveries (
  app text collate "C" not null,
  delivery_id uuid not null,
  position bigint not null,
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
  decided_at timestamptz not null,
  first_attempt_at timestamptz,
  ended_at timestamptz,
  delivered_at timestamptz,
  opened_at timestamptz,
  not_shown_at timestamptz,
  not_shown_reason text collate "C",
  due_position bigint,
  constraint deliveries_pkey primary key (delivery_id, app)
);
create index deliveries_position on notifications_v1.deliveries (app, position);
-- What differs comes first: a comparison that has to pass over the app takes twice as long, and all
-- of one app's take it (docs/decisions/0014).
create index deliveries_user on notifications_v1.deliveries (user_id, app, position);
-- For call-offs. By hashes, since every delivery has an entry for a while: 29 bytes of them in place of
-- 103, and 1 microsecond in place of 2.
create index deliveries_due on notifications_v1.deliveries
  (hashtext(user_id), hashtext(conversation), position) where status = 'due';
-- The few that failed, in the order of a list. Of 683,000 deliveries, 2,661 of which failed: 120 kB,
-- and no time that could be measured, as only those that fail have an entry.
create index deliveries_failed on notifications_v1.deliveries (app, position)
  where status in ('rejected', 'token_invalid', 'expired');
comment on table notifications_v1.deliveries is
  'One message and one device (or recipient), what was decided and what became of it.';
comment on column notifications_v1.deliveries.app is 'The app.';
comment on column notifications_v1.deliveries.delivery_id is
  'UUID version 5 of app, message, user and device: the same in every rebuild.';
comment on column notifications_v1.deliveries.position is 'The message''s place in the ledger.';
comment on column notifications_v1.deliveries.conversation is
  'The message''s conversation: a read mark calls off what is due of it.';
comment on column notifications_v1.deliveries.user_id is 'The recipient.';
comment on column notifications_v1.deliveries.device_id is
  'The device; null where the decision concerns the recipient.';
comment on column notifications_v1.deliveries.platform is
  'What the device was when it was decided; null where it concerns the recipient.';
comment on column notifications_v1.deliveries.app_version is
  'The app''s version on it then; null where it was not told.';
comment on column notifications_v1.deliveries.provider is
  'The channel that it goes, or was to go last; null where suppressed.';
comment on column notifications_v1.deliveries.lane is
  'The dispatcher''s lane; null where suppressed.';
comment on column notifications_v1.deliveries.status is
  'suppressed, due, cancelled, expired, rejected, token_invalid or accepted.';
comment on column notifications_v1.deliveries.reason is
  'Why it was suppressed, cancelled or refused.';
comment on column notifications_v1.deliveries.badge is 'The number it carries.';
comment on column notifications_v1.deliveries.sound is 'The sound; null: none.';
comment on column notifications_v1.deliveries.attempts is 'Attempts recorded.';
comment on column notifications_v1.deliveries.decided_at is 'When the message was committed.';
comment on column notifications_v1.deliveries.first_attempt_at is 'Start of the first attempt.';
comment on column notifications_v1.deliveries.ended_at is
  'When it was accepted, refused or cancelled.';
comment on column notifications_v1.deliveries.delivered_at is
  'When the app or the provider saw it arrive.';
comment on column notifications_v1.deliveries.opened_at is 'When the user opened it.';
comment on column notifications_v1.deliveries.not_shown_at is
  'When the provider found that it was not shown.';
comment on column notifications_v1.deliveries.not_shown_reason is
  'Why, in the provider''s code; null where nobody said so.';

comment on column notifications_v1.deliveries.due_position is
  'The attempt after which another way was tried, its place among what is due; null: the message.';

create table notifications_v1.suppressed_counts (
  app text collate "C" not null,
  position bigint not null,
  reason text collate "C" not null,
  count integer not null,
  constraint suppressed_counts_pkey primary key (app, position, reason)
);
comment on table notifications_v1.suppressed_counts is
  'Suppressed decisions of messages to many recipients, counted by reason.';
comment on column notifications_v1.suppressed_counts.app is 'The app.';
comment on column notifications_v1.suppressed_counts.position is
  'The message''s place in the ledger.';
comment on column notifications_v1.suppressed_counts.reason is 'Why nobody was pushed.';
comment on column notifications_v1.suppressed_counts.count is 'How many decisions said so.';

create table notifications_v1.attempts (
  app text collate "C" not null,
  position bigint not null,
  delivery_id uuid not null,
  attempt integer not null,
  provider text collate "C" not null,
  outcome text collate "C" not null,
  status integer,
  reason text collate "C",
  provider_message_id text,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  retry_at timestamptz,
  dispatcher text,
  fenced boolean not null,
  constraint attempts_pkey primary key (app, position)
);
create index attempts_delivery on notifications_v1.attempts (delivery_id, app);
comment on table notifications_v1.attempts is 'Every try at a delivery, with what was answered.';
comment on column notifications_v1.attempts.app is 'The app.';
comment on column notifications_v1.attempts.position is
  'The place of its push.attempted in the ledger.';
comment on column notifications_v1.attempts.delivery_id is 'The delivery.';
comment on column notifications_v1.attempts.attempt is 'Its number, from 1.';
comment on column notifications_v1.attempts.provider is 'The channel.';
comment on column notifications_v1.attempts.outcome is
  'accepted, retry, rejected, token_invalid, expired or unknown.';
comment on column notifications_v1.attempts.status is 'The HTTP status, where one came.';
comment on column notifications_v1.attempts.reason is 'The provider''s reason, or ours.';
comment on column notifications_v1.attempts.provider_message_id is
  'The provider''s id of the push.';
comment on column notifications_v1.attempts.started_at is 'When it was sent.';
comment on column notifications_v1.attempts.finished_at is 'When the outcome was known.';
comment on column notifications_v1.attempts.retry_at is 'When the next try is planned.';
comment on column notifications_v1.attempts.dispatcher is 'Which dispatcher sent it.';
comment on column notifications_v1.attempts.fenced is
  'True: its lane had been taken over before it was recorded.';

alter table ledger.checkpoints
  add column owner text collate "C",
  add column leased_until timestamptz;
comment on column ledger.checkpoints.owner is
  'The projector that folds at the moment and holds state in memory; null: none.';
comment on column ledger.checkpoints.leased_until is
  'Another projector may take over after this time.';

create schema dispatch;
comment on schema dispatch is 'What is due to be pushed, and who is at it.';

create table dispatch.due (
  app text collate "C" not null,
  provider text collate "C" not null,
  lane smallint not null,
  position bigint not null,
  delivery_id uuid not null,
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  attempts integer not null default 0,
  due_at timestamptz not null,
  expires_at timestamptz not null,
  constraint due_pkey primary key (app, provider, lane, position, delivery_id)
);
comment on table dispatch.due is
  'Deliveries that must still be attempted; the projector adds, the dispatcher removes.';
comment on column dispatch.due.app is 'The app.';
comment on column dispatch.due.provider is 'The channel.';
comment on column dispatch.due.lane is 'A hash of the user, modulo the app''s lanes.';
comment on column dispatch.due.position is
  'The place in the ledger of what made it due, the message or the attempt before: the order.';
comment on column dispatch.due.delivery_id is 'The delivery.';
comment on column dispatch.due.user_id is 'The recipient.';
comment on column dispatch.due.device_id is 'The device.';
comment on column dispatch.due.attempts is 'Attempts recorded so far.';
comment on column dispatch.due.due_at is 'Not to be sent before.';
comment on column dispatch.due.expires_at is 'Not to be sent after.';

-- What people are known by is in no statistics: those keep values after they were erased.
alter table notifications_v1.users alter column nickname set statistics 0;
alter table notifications_v1.devices alter column token set statistics 0;
alter table notifications_v1.fallbacks alter column token set statistics 0;
alter table notifications_v1.conversations alter column name set statistics 0;
alter table notifications_v1.members alter column name_card set statistics 0;
