-- ledger.restore_detached: puts the detached events of one archived commit back in their places.
--
-- Arguments: the app; the commit's number, first position, time and chain; then one array a field, an
--   entry for each of its events, in order. Where content is null its hash stands in for it.
-- Result: how many events were put back. What is there already must be the same.
-- Errors, after which nothing was put back: LG007 the ledger has no such commit, its events do not make
--   its chain, or one of them is there otherwise; the detail is that one's position then.
-- Content that was erased after it was archived does not come back: ledger.erase names what it takes,
--   in order.
-- Locks: the app's archive. Rights: nobody's but the owner's.
create or replace function ledger.restore_detached(
  in_app text, in_number bigint, in_first bigint, in_recorded_at timestamptz, in_chain bytea,
  event_ids uuid[], types text[], schemas smallint[], streams text[], occurred_ats timestamptz[],
  datas jsonb[], contents json[], content_hashes bytea[])
returns bigint
language plpgsql
set search_path = pg_catalog
set jit = off
as $$
declare
  no_content constant bytea := decode(repeat('00', 32), 'hex');
  last constant bigint := in_first + cardinality(event_ids) - 1;
  erased bigint[];
  before bytea;
  digests bytea;
  differing bigint;
  restored bigint;
  known bigint[]; -- What was there before.
  lost bigint[];
  item record;
begin
  perform from ledger.archives a where a.app = in_app and a.position >= last for update;
  if not found or not exists (
    select from ledger.commits c
      where c.app = in_app and c.commit_number = in_number and c.first_position = in_first
        and c.last_position = last and c.recorded_at = in_recorded_at and c.chain = in_chain)
  then
    raise exception 'the ledger of app % has no commit % at positions % to %', in_app, in_number,
      in_first, last
      using errcode = 'LG007';
  end if;
  before := coalesce(
    (select c.chain from ledger.commits c
      where c.app = in_app and c.commit_number = in_number - 1),
    sha256(convert_to(in_app, 'UTF8')));
  erased := array(
    select p.value::bigint
      from ledger.events e
      cross join lateral (select e.data -> 'positions' as positions offset 0) n
      cross join lateral jsonb_array_elements_text(n.positions) as p (value)
      where e.app = in_app and e.type = 'content.erased' and e.position > in_first
        and (n.positions ->> 0)::bigint <= last and (n.positions ->> -1)::bigint >= in_first
        and p.value::bigint between in_first and last);

  known := array(
    select e.position from ledger.events e
      where e.app = in_app and e.position between in_first and last);

  with kept as materialized (
    select e.position, e.digest
      from ledger.events e where e.app = in_app and e.position between in_first and last
  ), archived as materialized (
    select n.*, sha256(int8send(n.position) || uuid_send(n.event_id) || int2send(n.schema)
        || timestamptz_send(n.occurred_at) || coalesce(n.hash, no_content)
        || convert_to(n.type || E'\n' || n.stream || E'\n' || n.data::text, 'UTF8')) as digest
      from (
        select in_first + t.number - 1 as position, t.event_id, t.type, t.schema, t.stream,
            t.occurred_at, t.data, t.content,
            case when t.content is null then t.hash
              else sha256(convert_to(t.content::text, 'UTF8')) end as hash
          from unnest(event_ids, types, schemas, streams, occurred_ats, datas, contents,
              content_hashes) with ordinality as t (
              event_id, type, schema, stream, occurred_at, data, content, hash, number)
          offset 0) as n
  ), compared as materialized (
    select a.*, k.digest as found from archived a left join kept k on k.position = a.position
  ), stored as (
    insert into ledger.events (app, position, event_id, type, schema, stream, occurred_at,
        recorded_at, data, content, content_sha256, digest)
      select in_app, c.position, c.event_id, c.type, c.schema, c.stream, c.occurred_at,
          in_recorded_at, c.data, case when c.position <> all (erased) then c.content end, c.hash,
          c.digest
        from compared c where c.found is null
      returning position
  )
  select string_agg(c.digest, ''::bytea order by c.position),
      min(c.position) filter (where c.found <> c.digest), (select count(*) from stored)
    into digests, differing, restored
    from compared c;
  if sha256(before || digests || timestamptz_send(in_recorded_at)) <> in_chain
    or differing is not null
  then
    raise exception 'commit % of app % does not follow from its archived events, or one of them is '
      'there otherwise', in_number, in_app
      using errcode = 'LG007', detail = coalesce(differing::text, '');
  end if;
  -- What was to be erased since, while it was in the archive, is erased now. An erasure is about what
  -- stood before its first event: those that follow, as the ones appended here, name what they took.
  for item in
    select e.position, e.data
      from (
        select distinct on (e.stream) e.position, e.data from ledger.events e
          where e.app = in_app and e.type = 'content.erased'
          order by e.stream, e.position) e
      where e.position > last
      order by e.position
  loop
    lost := array(
      select e.position from ledger.events e
        where e.app = in_app and e.position between in_first and last and e.content is not null
          and e.position <> all (known)
          and (e.data ->> 'from' = item.data #>> '{scope,user}'
            or e.data ->> 'message_id' = item.data #>> '{scope,message}'
            or e.recorded_at < (item.data #>> '{scope,before}')::timestamptz)
        order by e.position);
    if cardinality(lost) > 0 then
      perform ledger.erase_content(in_app, lost, item.data || jsonb_build_object(
        'positions', to_jsonb(lost)));
    end if;
  end loop;
  delete from ledger.detached_ids d
    where d.app = in_app and d.event_id = any (event_ids);
  return restored;
end
$$;

comment on function ledger.restore_detached is
  'Puts the detached events of one archived commit back in their places. LG007.';
