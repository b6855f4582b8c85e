-- ledger.complete_fallbacks: checks the other ways of a device.registered, and completes them.
--
-- Arguments: the event's data and content, and the field of the event.
-- Result: the data.
-- Errors: LG005.
create or replace function ledger.complete_fallbacks(data jsonb, content jsonb, field text)
returns jsonb
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  fallbacks constant jsonb := coalesce(nullif(data -> 'fallbacks', 'null'), '[]');
  tokens constant jsonb := coalesce(nullif(content -> 'fallback_tokens', 'null'), '[]');
  known text[] := array[data ->> 'provider'];
  place text;
  way jsonb;
begin
  if jsonb_array_length(tokens) <> jsonb_array_length(fallbacks) then
    perform ledger.refuse_field(field || '.content.fallback_tokens', format(
      'has %s entries; one for each of the %s fallbacks is expected.',
      jsonb_array_length(tokens), jsonb_array_length(fallbacks)));
  end if;
  for i in 0 .. jsonb_array_length(fallbacks) - 1 loop
    way := fallbacks -> i;
    place := format('%s.data.fallbacks[%s]', field, i);
    perform ledger.check_field(way, place, 'object', null, null, null);
    if nullif(way -> 'provider', 'null') is null then
      perform ledger.refuse_field(place || '.provider', 'is missing; it is required.');
    end if;
    perform ledger.check_field(
        nullif(way #> r.path[2:], 'null'), place || '.' || r.path[2], r.kind, r.low, r.bound,
        r.choices)
      from ledger.event_rules() as r
      where r.type = 'device.registered' and r.path[1] = 'data' and cardinality(r.path) = 2
        and r.path[2] in ('provider', 'token_sha256', 'topic', 'credential', 'environment')
        and nullif(way #> r.path[2:], 'null') is not null;
    if way ->> 'provider' = any (known) then
      perform ledger.refuse_field(place || '.provider', format(
        'is %s, which another way of the device goes by already; name each provider once.',
        way ->> 'provider'));
    end if;
    known := known || (way ->> 'provider');
    data := jsonb_set(data, array['fallbacks', i::text], ledger.complete_way(
      way, place, tokens -> i, format('%s.content.fallback_tokens[%s]', field, i)));
  end loop;
  return data;
end
$$;

comment on function ledger.complete_fallbacks is
  'Checks the other ways of a device and answers the data, completed. LG005.';
