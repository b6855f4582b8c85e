-- pushledger.append: the ledger's door for SQL. Appends events as part of the caller's
-- transaction: a transactional outbox.
--
--   select pushledger.append('demo', '[{"type": "message.recalled",
--     "data": {"message_id": "42", "by": "ann"}}]');
--
-- Arguments: the app; an array of 1 to 1,000 events in the form of docs/events.md:
--   event_id (a random one where left out: give your own to be able to repeat the call), type,
--   occurred_at (now, where left out), data, content. What an export adds is ignored.
-- Result: a position for each, in the order given; an event_id already stored answers its first.
-- Errors, after which nothing was stored: LG005 a field is not as it must be, named by its path;
--   else those of ledger.append_batch, and its locks.
-- Rights: its owner's; who may call it needs none on the tables.
create or replace function pushledger.append(in_app text, events jsonb) returns bigint[]
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  known constant text[] := array['event_id', 'type', 'schema', 'occurred_at', 'data', 'content',
    'app', 'position', 'stream', 'recorded_at'];
  event jsonb;
  field text;
  stray text;
  stream text;
  data jsonb;
  content jsonb;
  event_ids uuid[];
  types text[];
  streams text[];
  occurred_ats timestamptz[];
  datas jsonb[];
  contents json[];
begin
  if jsonb_typeof(events) is distinct from 'array'
    or jsonb_array_length(events) not between 1 and 1000
  then
    perform ledger.refuse_field('events', 'must be an array of 1 to 1,000 events.');
  end if;
  for event, field in
    select e.value, format('events[%s]', e.number - 1)
      from jsonb_array_elements(events) with ordinality as e (value, number)
  loop
    perform ledger.check_field(event, field, 'object', null, null, null);
    select k into stray from jsonb_object_keys(event) as k where k <> all (known) limit 1;
    if stray is not null then
      perform ledger.refuse_field(field, 'has a field that is not known; known are '
        || array_to_string(known, ', ') || '.');
    end if;
    event := jsonb_strip_nulls(event - array['data', 'content'])
      || jsonb_build_object('data', event -> 'data', 'content', event -> 'content');
    if jsonb_typeof(event -> 'data') is distinct from 'object' then
      perform ledger.refuse_field(field || '.data', 'must be an object.');
    end if;
    content := nullif(event -> 'content', 'null');
    if jsonb_typeof(content) <> 'object' then
      perform ledger.refuse_field(field || '.content', 'must be an object or null.');
    end if;
    if not exists (select from ledger.event_rules() as r where r.type = event ->> 'type') then
      perform ledger.refuse_field(field || '.type', 'is missing or unknown.');
    elsif event ->> 'schema' is not null and event -> 'schema' <> '1' then
      perform ledger.refuse_field(field || '.schema', 'is not 1.');
    end if;
    if event ? 'event_id' then
      perform ledger.check_field(
        event -> 'event_id', field || '.event_id', 'uuid', null, null, null);
    end if;
    if event ? 'occurred_at' then
      perform ledger.check_field(
        event -> 'occurred_at', field || '.occurred_at', 'moment', null, null, null);
    end if;
    data := ledger.complete_event(event, field);
    stream := ledger.event_stream(event ->> 'type', data);
    if octet_length(stream) > 300 then
      perform ledger.refuse_field(field || '.data', 'makes a stream name of '
        || octet_length(stream) || ' bytes; at most 300 are allowed, shorten the ids.');
    elsif octet_length(data::text) + coalesce(octet_length(content::text), 0) > 65536 then
      perform ledger.refuse_field(field || '.data',
        'and content have more than 65,536 bytes together.');
    end if;
    event_ids := event_ids || coalesce((event ->> 'event_id')::uuid, gen_random_uuid());
    types := types || (event ->> 'type');
    streams := streams || stream;
    occurred_ats := occurred_ats || coalesce(
      ledger.read_moment(event ->> 'occurred_at', field || '.occurred_at'), clock_timestamp());
    datas := datas || data;
    contents := array_append(contents, content::json);
  end loop;
  return ledger.append(in_app, event_ids, types,
    array_fill(1::smallint, array[cardinality(event_ids)]), streams, occurred_ats, datas, contents);
end
$$;

comment on function pushledger.append is
  'Appends events to an app''s ledger in the caller''s transaction; answers their positions.';
