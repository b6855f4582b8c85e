-- dispatch.close_streams: gives back streams of a process that have ended, and what they were
--   handed and never sent.
--
-- Arguments: the streams as arrays of the same length: user, device, number; then what was not sent,
--   as arrays: user, device, number of the stream, position.
-- Locks: those rows. A row that another stream has taken over stays as it is.
-- Rights: its owner's.
create or replace function dispatch.close_streams(
  in_app text, in_server text, in_users text[], in_devices text[], in_numbers bigint[],
  unsent_users text[], unsent_devices text[], unsent_numbers bigint[], unsent_positions bigint[])
returns void
language plpgsql security definer
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
begin
  for i in 1 .. cardinality(unsent_users) loop
    delete from dispatch.sent s
      where s.app = in_app and s.user_id = unsent_users[i] and s.device_id = unsent_devices[i]
        and s.position = unsent_positions[i] and s.server = in_server
        and s.number = unsent_numbers[i];
  end loop;
  for i in 1 .. cardinality(in_users) loop
    delete from dispatch.streams s
      where s.app = in_app and s.user_id = in_users[i] and s.device_id = in_devices[i]
        and s.server = in_server and s.number = in_numbers[i];
  end loop;
end
$$;

comment on function dispatch.close_streams is
  'Gives back streams that have ended, and what they were handed and never sent.';
