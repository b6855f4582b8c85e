-- ledger.append_unchecked: numbers events and stores them: all of them or none. ledger.append_batch
-- is the way to it for all but ledger.erase, which says of content that it is gone before it takes
-- it.
--
-- Arguments: the app; one array a field, all of the same length, 1 to 10,000, oldest event first;
--   contents holds null where an event has no content. With expected_stream the append is refused
--   when that stream has an event after expected_position (0: when it has any).
-- Result: positions in the order given, where an event_id that was there already, or comes twice,
--   answers its first position; and head_before: what is above it was stored by this call.
-- Errors, after which nothing was stored: LG001 the app is unknown. LG002 the expectation failed;
--   the detail is the stream's last position. LG003 an event is too large. LG004 the arrays do not
--   fit together. 22xxx, 23xxx: an event that the table refuses.
-- Locks: the app's row in ledger.heads until the transaction ends. So appends to one app commit
--   one after the other, positions become visible in order, and a reader that follows them skips
--   none. The advisory lock before it only makes waiting fair: with 32 writers it gave 1.4 times
--   the appends and a quarter of the longest waits. A transaction that appends to two apps can
--   wait for another that does so in the other order: append to one app in a transaction.
-- Rights: nobody's but the owner's, for it trusts its caller.
--
-- A commit's chain, recomputed by `pushledger verify`, is the SHA-256 of
--   the chain before it, 32 bytes | the digests of its rows in order | recorded_at, 8
-- with the digests of ledger.store_events.
--
-- From 100 events on they are stored before anybody asks whether one is known, unless messages of the
-- app are detached, since most often none is: the lookups are a sixth of the work. If one is, the
-- first that is undoes the storing, and all are looked up. So a file that is imported again leaves one dead row a batch, not one an
-- event.
--
-- Every id is looked up by a subquery of its own, and as a range in the order of ids with sorting
-- off: then only the index on ids will do, whatever the statistics say. With `=`, a table that was
-- never analyzed makes all indexes that begin with app look alike, and a plan that reads the whole
-- app for each id is as likely: 800 events a second then, where 58,000 are stored otherwise. What
-- is switched off makes plans look so dear that they would be compiled: 140 ms a call, so that is
-- off too.
create or replace function ledger.append_unchecked(
  in_app text, event_ids uuid[], types text[], schemas smallint[], streams text[],
  occurred_ats timestamptz[], datas jsonb[], contents json[],
  expected_stream text, expected_position bigint,
  out positions bigint[], out head_before bigint)
language plpgsql
set search_path = pg_catalog
set enable_seqscan = off
set enable_sort = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  asked constant uuid[] := event_ids;
  given constant int := cardinality(event_ids);
  is_bulk boolean := given >= 100 and expected_stream is null;
  is_archived boolean; -- Whether ids may be taken that are in no event any more.
  added int := given;
  known int;
  distinct_ids int;
  head_commit bigint;
  head_chain bytea;
  moment timestamptz;
  digests bytea;
  stream_position bigint;
begin
  if given is null or given not between 1 and 10000 or given is distinct from cardinality(types)
    or given is distinct from cardinality(schemas) or given is distinct from cardinality(streams)
    or given is distinct from cardinality(occurred_ats)
    or given is distinct from cardinality(datas) or given is distinct from cardinality(contents)
  then
    raise exception 'the arrays must have the same length, 1 to 10,000' using errcode = 'LG004';
  end if;

  perform pg_advisory_xact_lock(hashtextextended(in_app, 1));
  select h.position, h.commit_number, h.chain, greatest(clock_timestamp(), h.recorded_at)
    into head_before, head_commit, head_chain, moment
    from ledger.heads h where h.app = in_app for update;
  if not found then
    raise exception 'app % is unknown', in_app
      using errcode = 'LG001', hint = 'Create it with: pushledger apps create';
  end if;
  is_archived := exists (select from ledger.archives a where a.app = in_app);
  is_bulk := is_bulk and not is_archived;

  if is_bulk then
    begin
      digests := ledger.store_events(in_app, head_before, moment, event_ids, types, schemas, streams,
        occurred_ats, datas, contents);
    exception
      when unique_violation then
        is_bulk := false;
    end;
  end if;

  if not is_bulk then
    select array_agg(u.position), count(u.position), count(distinct u.event_id)
      into positions, known, distinct_ids
      from (
        select a.event_id, coalesce((
            select e.position from ledger.events e
              where e.app = in_app and e.event_id between a.event_id and a.event_id
              order by e.event_id limit 1),
            case when is_archived then (
              select d.position from ledger.detached_ids d
                where d.app = in_app and d.event_id between a.event_id and a.event_id
                order by d.event_id limit 1) end) as position
          from unnest(event_ids) as a (event_id)
          offset 0) as u;

    if known > 0 or distinct_ids < given then
      select array_agg(f.event_id order by f.number), array_agg(f.type order by f.number),
          array_agg(f.schema order by f.number), array_agg(f.stream order by f.number),
          array_agg(f.occurred_at order by f.number), array_agg(f.data order by f.number),
          array_agg(f.content order by f.number), count(*)
        into event_ids, types, schemas, streams, occurred_ats, datas, contents, added
        from (
          select distinct on (t.event_id) t.*
            from unnest(event_ids, types, schemas, streams, occurred_ats, datas, contents, positions)
              with ordinality as t (
                event_id, type, schema, stream, occurred_at, data, content, position, number)
            where t.position is null
            order by t.event_id, t.number) as f;
      if added = 0 then
        return;
      end if;
    end if;

    if expected_stream is not null then
      select e.position into stream_position from ledger.events e
        where e.app = in_app and e.stream between expected_stream and expected_stream
        order by e.stream desc, e.position desc limit 1;
      if stream_position > coalesce(expected_position, 0) then
        raise exception 'stream % goes on after position %, to %',
          expected_stream, coalesce(expected_position, 0), stream_position
          using errcode = 'LG002', detail = stream_position::text,
            hint = 'Read it again, then retry.';
      end if;
    end if;

    digests := ledger.store_events(in_app, head_before, moment, event_ids, types, schemas, streams,
      occurred_ats, datas, contents);
  end if;

  head_commit := head_commit + 1;
  head_chain := sha256(head_chain || digests || timestamptz_send(moment));
  update ledger.heads h
    set position = head_before + added, commit_number = head_commit, chain = head_chain,
      recorded_at = moment
    where h.app = in_app;
  insert into ledger.commits (
      app, commit_number, first_position, last_position, recorded_at, chain)
    values (in_app, head_commit, head_before + 1, head_before + added, moment, head_chain);

  if added = given then
    positions := array(select generate_series(head_before + 1, head_before + added));
  else
    positions := array(
      select coalesce((
          select e.position from ledger.events e
            where e.app = in_app and e.event_id between a.event_id and a.event_id
            order by e.event_id limit 1),
          case when is_archived then (
            select d.position from ledger.detached_ids d
              where d.app = in_app and d.event_id between a.event_id and a.event_id
              order by d.event_id limit 1) end)
        from unnest(asked) as a (event_id));
  end if;
end
$$;

comment on function ledger.append_unchecked is
  'Numbers events and stores them, all or none; says where the head was.';
