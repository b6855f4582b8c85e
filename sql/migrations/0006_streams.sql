-- The callback channel's streams: devices that hold a connection on which they are told.
--
-- What waits for such a device stands in dispatch.due like all else. Before any of it goes out on a
-- stream it is listed in dispatch.sent, where it stays until it is known what became of it:
--
--     due ──hand_out_streams──► sent ──record_sent──► accepted: no longer due
--                                                └──► unknown: due again, as the next attempt
--
-- So no process can die, and no message be called off, in a way that hides what may have rung.

create index due_callback on dispatch.due (app, "position", delivery_id)
  where provider = 'callback';
create index due_of_device on dispatch.due (app, user_id, device_id, "position")
  where provider = 'callback';

create table dispatch.streams (
  app text collate "C" not null,
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  server text collate "C" not null,
  number bigint not null,
  live boolean not null,
  opened_at timestamptz not null,
  constraint streams_pkey primary key (app, user_id, device_id)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000);
comment on table dispatch.streams is
  'Which process holds the stream of a device. A newer one takes the older one''s row.';
comment on column dispatch.streams.app is 'The app.';
comment on column dispatch.streams.user_id is 'The device''s user.';
comment on column dispatch.streams.device_id is 'The device.';
comment on column dispatch.streams.server is 'The process that holds it, new at every start.';
comment on column dispatch.streams.number is 'Its number in that process.';
comment on column dispatch.streams.live is
  'True: all that waited was handed out, and what becomes due is handed out at once.';
comment on column dispatch.streams.opened_at is 'Since when.';

create table dispatch.sent (
  app text collate "C" not null,
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  position bigint not null,
  delivery_id uuid not null,
  attempt integer not null,
  server text collate "C" not null,
  number bigint not null,
  sent_at timestamptz not null,
  expires_at timestamptz not null,
  constraint sent_pkey primary key (app, user_id, device_id, position)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
create index sent_expiry on dispatch.sent (app, expires_at);
comment on table dispatch.sent is
  'What was handed to a stream, and of which nothing is recorded yet.';
comment on column dispatch.sent.app is 'The app.';
comment on column dispatch.sent.user_id is 'The device''s user.';
comment on column dispatch.sent.device_id is 'The device.';
comment on column dispatch.sent.position is 'Its place among what is due.';
comment on column dispatch.sent.delivery_id is 'The delivery.';
comment on column dispatch.sent.attempt is 'The number of this attempt, from 1.';
comment on column dispatch.sent.server is 'The process that sent it.';
comment on column dispatch.sent.number is 'The stream''s number in that process.';
comment on column dispatch.sent.sent_at is 'When it was handed out.';
comment on column dispatch.sent.expires_at is 'When the delivery expires.';
