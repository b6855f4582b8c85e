-- dispatch.open_stream: makes a process's stream the one that a device has.
--
-- Result: what other streams of the device were handed, and of which nothing is recorded yet, in
--   order. None of it is handed to the new one before that is done: see dispatch.record_sent. A
--   process that held the device's stream is told on the channel pushledger_streams, as
--   `server/number`.
-- Errors: LG006 the device is not one that is told on a stream.
-- Locks: the device's row in dispatch.streams, against dispatch.hand_out_streams for the older one.
-- Rights: its owner's, here and in its sisters: who serves streams reads no other table for them
--   and can do nothing else to what is due.
create or replace function dispatch.open_stream(
  in_app text, in_user text, in_device text, in_server text, in_number bigint)
returns table (
  "position" bigint, delivery_id uuid, attempt int, message_id text, badge bigint,
  sent_at timestamptz, server text)
language plpgsql security definer
set search_path = pg_catalog
as $$
#variable_conflict use_column
declare
  older record;
begin
  if not dispatch.is_told_on_stream(in_app, in_user, in_device) or exists (
    select from notifications_v1.devices v
      where v.app = in_app and v.user_id = in_user and v.device_id = in_device and v.logged_out)
  then
    raise exception 'the device is not told on a stream'
      using errcode = 'LG006', hint = 'Register it with provider callback and a token that is no URL.';
  end if;
  select s.server, s.number into older from dispatch.streams s
    where s.app = in_app and s.user_id = in_user and s.device_id = in_device for update;
  if found and older.server <> in_server then
    perform pg_notify('pushledger_streams', older.server || '/' || older.number);
  end if;
  insert into dispatch.streams as s (app, user_id, device_id, server, number, live, opened_at)
    values (in_app, in_user, in_device, in_server, in_number, false, clock_timestamp())
    on conflict (app, user_id, device_id) do update
      set server = excluded.server, number = excluded.number, live = false,
        opened_at = excluded.opened_at
      where s.server <> excluded.server or s.number < excluded.number;
  return query
    select l.position, l.delivery_id, l.attempt, l.message_id, l.badge, l.sent_at, l.server
      from dispatch.list_sent(
        in_app, array[in_user], array[in_device], array[9223372036854775807]) l;
end
$$;

comment on function dispatch.open_stream is
  'Makes a stream the one that a device has; says what older ones were handed. LG006.';
