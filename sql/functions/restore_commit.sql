-- ledger.restore_commit: puts one archived commit back at the end of an app's ledger, as it was:
-- its number, positions, ids, times and hashes.
--
-- Arguments: the app; the commit's number, first position, time and chain; then one array a field,
--   an entry for each of its events, in order. Where content is null its hash stands in for it.
-- Errors, after which nothing was stored: LG001 the app is unknown; LG007 the commit does not
--   follow on the ledger's end, or its events do not make its chain; 23505 an id is stored already.
-- Locks: those of ledger.append_batch, and where an event says that content was erased, which came
--   back with an earlier part, the app's checkpoints.
-- Rights: nobody's but the owner's.
create or replace function ledger.restore_commit(
  in_app text, in_number bigint, in_first bigint, in_recorded_at timestamptz, in_chain bytea,
  event_ids uuid[], types text[], schemas smallint[], streams text[], occurred_ats timestamptz[],
  datas jsonb[], contents json[], content_hashes bytea[])
returns void
language plpgsql
set search_path = pg_catalog
set jit = off
as $$
declare
  no_content constant bytea := decode(repeat('00', 32), 'hex');
  last constant bigint := in_first + cardinality(event_ids) - 1;
  head ledger.heads;
  digests bytea;
  item record;
begin
  perform pg_advisory_xact_lock(hashtextextended(in_app, 1));
  select * into head from ledger.heads h where h.app = in_app for update;
  if not found then
    raise exception 'app % is unknown', in_app
      using errcode = 'LG001', hint = 'Create it with: pushledger apps create';
  end if;
  if head.position <> in_first - 1 or head.commit_number <> in_number - 1 then
    raise exception 'the ledger of app % ends at position %, commit %: commit % at % does not follow',
      in_app, head.position, head.commit_number, in_number, in_first
      using errcode = 'LG007';
  end if;

  with stored as (
    insert into ledger.events (app, position, event_id, type, schema, stream, occurred_at,
        recorded_at, data, content, content_sha256, digest)
      select in_app, n.position, n.event_id, n.type, n.schema, n.stream, n.occurred_at,
          in_recorded_at, n.data, n.content, n.hash,
          sha256(int8send(n.position) || uuid_send(n.event_id) || int2send(n.schema)
            || timestamptz_send(n.occurred_at) || coalesce(n.hash, no_content)
            || convert_to(n.type || E'\n' || n.stream || E'\n' || n.data::text, 'UTF8'))
        from (
          select in_first + t.number - 1 as position, t.event_id, t.type, t.schema, t.stream,
              t.occurred_at, t.data, t.content,
              case when t.content is null then t.hash
                else sha256(convert_to(t.content::text, 'UTF8')) end as hash
            from unnest(event_ids, types, schemas, streams, occurred_ats, datas, contents,
                content_hashes) with ordinality as t (
                event_id, type, schema, stream, occurred_at, data, content, hash, number)
            offset 0) as n
      returning position, digest)
    select string_agg(s.digest, ''::bytea order by s.position) into digests from stored s;

  if sha256(head.chain || digests || timestamptz_send(in_recorded_at)) <> in_chain then
    raise exception 'commit % of app % does not follow from its events and the commit before',
      in_number, in_app
      using errcode = 'LG007';
  end if;
  update ledger.heads h
    set position = last, commit_number = in_number, chain = in_chain, recorded_at = in_recorded_at
    where h.app = in_app;
  insert into ledger.commits (
      app, commit_number, first_position, last_position, recorded_at, chain)
    values (in_app, in_number, in_first, last, in_recorded_at, in_chain);

  -- What was erased after it was archived does not come back.
  if 'content.erased' = any (types) then
    for item in
      select e.data from ledger.events e
        where e.app = in_app and e.position between in_first and last and e.type = 'content.erased'
        order by e.position
    loop
      perform ledger.take_content(in_app, array(
        select e.position
          from jsonb_array_elements_text(item.data -> 'positions') as p (value)
          join ledger.events e on e.app = in_app and e.position = p.value::bigint
          where e.content is not null));
    end loop;
  end if;
end
$$;

comment on function ledger.restore_commit is
  'Puts one archived commit back at the end of an app''s ledger, as it was.';
