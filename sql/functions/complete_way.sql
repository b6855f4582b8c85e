-- ledger.complete_way: checks one way to a device and fills in what is told of its token.
--
-- Arguments: the way (provider, topic), where it stands, its token, and where that stands.
-- Result: the way with token_sha256, and topic for the callback channel.
-- Errors: LG005.
create or replace function ledger.complete_way(
  way jsonb, field text, token jsonb, token_field text)
returns jsonb
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  kind text;
begin
  token := nullif(token, 'null');
  if token is null or token = '""' then
    perform ledger.refuse_field(token_field, 'is missing; it is required.');
  elsif jsonb_typeof(token) not in ('string', 'object') then
    perform ledger.refuse_field(
      token_field, 'is neither a string nor, for webpush, the subscription object.');
  elsif octet_length(token #>> '{}') > 4096 then
    perform ledger.refuse_field(token_field,
      format('has %s bytes; at most 4096 are allowed.', octet_length(token #>> '{}')));
  end if;
  way := jsonb_set(way, '{token_sha256}', to_jsonb(encode(sha256(convert_to(
    case jsonb_typeof(token)
      when 'string' then token #>> '{}' else ledger.canonical_json(token) end,
    'UTF8')), 'hex')));
  if way ->> 'provider' <> 'callback' then
    return way;
  end if;
  kind := case when starts_with(token #>> '{}', 'https://') then 'webhook' else 'stream' end;
  if nullif(way -> 'topic', 'null') <> to_jsonb(kind) then
    perform ledger.refuse_field(field || '.topic', format(
      'must be left out or %s: a callback token that is an https URL is called, any other '
        || 'stands for a stream.', kind));
  end if;
  return jsonb_set(way, '{topic}', to_jsonb(kind));
end
$$;

comment on function ledger.complete_way is
  'Checks a way to a device and answers it completed, as the API''s door does it. LG005.';
