-- ledger.store_events: inserts events of ledger.append_batch, under numbers in order, and makes their
--   digests.
--
-- Arguments: the app; the position before the first; when they are recorded; one array a field.
-- Result: the digests one after the other, 32 bytes each.
-- Errors: LG003 an event is too large. 23505 one of the ids is stored already, or comes twice.
-- Rights: nobody's but the owner's, for it trusts its caller.
--
-- A row's digest, recomputed by `pushledger verify`, is the SHA-256 of
--   position, 8 bytes | event_id, 16 | schema, 2 | occurred_at, 8: microseconds since 2000 |
--   content_sha256, 32, zeros where null | type, newline, stream, newline, data as text
-- numbers big-endian.
create or replace function ledger.store_events(
  in_app text, head_before bigint, moment timestamptz, event_ids uuid[], types text[],
  schemas smallint[], streams text[], occurred_ats timestamptz[], datas jsonb[],
  contents json[])
returns bytea
language plpgsql
set search_path = pg_catalog
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  no_content constant bytea := decode(repeat('00', 32), 'hex');
  digests bytea;
begin
  with stored as (
    insert into ledger.events (app, position, event_id, type, schema, stream, occurred_at,
        recorded_at, data, content, content_sha256, digest)
      select in_app, n.position, n.event_id, n.type, n.schema, n.stream, n.occurred_at,
          moment, n.data, n.content, n.content_sha256,
          case
            when octet_length(n.data_text) + coalesce(octet_length(n.content_text), 0) > 131072
              then ledger.refuse_event(n.event_id)
            else sha256(int8send(n.position) || uuid_send(n.event_id) || int2send(n.schema)
              || timestamptz_send(n.occurred_at)
              || coalesce(n.content_sha256, no_content)
              || convert_to(n.type || E'\n' || n.stream || E'\n' || n.data_text, 'UTF8'))
          end
        from (
          select head_before + t.number as position, t.event_id, t.type, t.schema, t.stream,
              t.occurred_at, t.data, t.data::text as data_text, t.content,
              t.content::text as content_text,
              sha256(convert_to(t.content::text, 'UTF8')) as content_sha256
            from unnest(event_ids, types, schemas, streams, occurred_ats, datas, contents)
              with ordinality as t (
                event_id, type, schema, stream, occurred_at, data, content, number)
            offset 0) as n
      returning position, digest)
    select string_agg(s.digest, ''::bytea order by s.position) into digests from stored s;
  return digests;
end
$$;

comment on function ledger.store_events is 'Inserts events and makes their digests.';
