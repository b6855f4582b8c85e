create or replace function ledger.append_batch(
  in_app text, event_ids uuid[], types text[], schemas smallint[], streams text[],
  occurred_ats timestamptz[], datas jsonb[], contents json[],
  expected_stream text, expected_position bigint,
  out positions bigint[], out head_before bigint)
language plpgsql security definer
set search_path = pg_catalog
set enable_seqscan = off
as $$
declare
  given constant int := cardinality(event_ids);
  head record;
  moment timestamptz;
  digests bytea;
  actual bigint;
begin
  if given is null or given not between 1 and 10000 or given <> cardinality(types)
    or given <> cardinality(schemas) or given <> cardinality(streams)
    or given <> cardinality(occurred_ats) or given <> cardinality(datas)
    or given <> cardinality(contents)
  then
    raise exception 'bad batch' using errcode = 'LG004';
  end if;
  select h.position, h.commit_number, h.chain, h.recorded_at into head
    from ledger.heads h where h.app = in_app for update;
  if not found then
    raise exception 'app % is unknown', in_app using errcode = 'LG001';
  end if;
  head_before := head.position;
  moment := greatest(clock_timestamp(), head.recorded_at);
  with added as (
    insert into ledger.events (app, position, event_id, type, schema, stream, occurred_at,
      recorded_at, data, content, content_sha256, digest)
    select in_app, place, event_id, type, schema, stream, occurred_at, moment, data, content,
      content_sha256,
      sha256(int8send(place) || uuid_send(event_id) || int2send(schema)
        || timestamptz_send(occurred_at)
        || coalesce(content_sha256, '\x0000000000000000000000000000000000000000000000000000000000000000')
        || convert_to(type || E'\n' || stream || E'\n' || data::text, 'UTF8'))
    from (
      select head.position + t.number as place, t.event_id, t.type, t.schema, t.stream, t.occurred_at,
        t.data, t.content, sha256(convert_to(t.content::text, 'UTF8')) as content_sha256
      from unnest(event_ids, types, schemas, streams, occurred_ats, datas, contents)
        with ordinality as t (event_id, type, schema, stream, occurred_at, data, content, number)
      offset 0) as numbered
    returning position, digest)
  select string_agg(digest, ''::bytea order by position) into digests from added;
  update ledger.heads h set position = head.position + given,
    commit_number = head.commit_number + 1,
    chain = sha256(head.chain || digests || timestamptz_send(moment)),
    recorded_at = moment
    where h.app = in_app returning h.chain into digests;
  insert into ledger.commits values (in_app, head.commit_number + 1, head.position + 1,
     head.position + given, moment, digests);
  select array_agg(i + head.position) into positions from generate_series(1, given) i;
end
$$;
