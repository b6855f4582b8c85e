-- dispatch.is_told_on_stream: whether one of a device's ways is a stream.
--
-- Its body is text: a parsed one would belong to the tables of today, and go with them when a rebuild
-- takes over. It sets no search path, so that it is inlined.
create or replace function dispatch.is_told_on_stream(
  in_app text, in_user text, in_device text)
returns boolean
language sql stable
as $$
  select exists (
    select from notifications_v1.devices v
      where v.app = in_app and v.user_id = in_user and v.device_id = in_device
        and v.provider = 'callback' and v.topic = 'stream')
  or exists (
    select from notifications_v1.fallbacks f
      where f.app = in_app and f.user_id = in_user and f.device_id = in_device
        and f.provider = 'callback' and f.topic = 'stream');
$$;

comment on function dispatch.is_told_on_stream is
  'Whether a device gets what is due to it on a stream.';
