-- ledger.event_stream: the stream that an event belongs to, by its type and its data's ids, in
-- which / and % are percent-encoded.
create or replace function ledger.event_stream(type text, data jsonb) returns text
language sql immutable
set search_path = pg_catalog
as $$
  select case
    when type like 'device.%' then
      'device/' || replace(replace(data ->> 'user', '%', '%25'), '/', '%2F')
      || '/' || replace(replace(data ->> 'device', '%', '%25'), '/', '%2F')
    when type like 'group.%' then
      'group/' || replace(replace(data ->> 'group', '%', '%25'), '/', '%2F')
    when type like 'broadcast.%' then
      'broadcast/' || replace(replace(data ->> 'broadcast', '%', '%25'), '/', '%2F')
    when type like 'projection.%' then
      'projection/' || replace(replace(data ->> 'projection', '%', '%25'), '/', '%2F')
    when type = 'attributes.named' then 'app/attributes'
    when type like 'message.%' or type like 'push.%' then
      'message/' || replace(replace(data ->> 'message_id', '%', '%25'), '/', '%2F')
    else
      'user/' || replace(replace(data ->> 'user', '%', '%25'), '/', '%2F')
  end;
$$;

comment on function ledger.event_stream is
  'The stream that an event belongs to, by its type and its data''s ids.';
