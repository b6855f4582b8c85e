-- ledger.fold_projection: folds one batch of an app's events into a projection that was added.
--
--   checkpoint locked ─► events after it ─► fold, as the projection's role ─► checked ─► checkpoint
--
-- It is one statement, so what the fold does and the checkpoint are stored together or not at all.
--
-- Arguments: the projection; the app; whether what a rebuild makes beside is meant; who folds; events at
--   most, besides the projection's own limit.
-- Result: progress, and the checkpoint as it then is:
--   folded         events were folded or passed over; there may be more
--   caught_up      there are none
--   held           another process folds it
--   stands_still   it is paused, or stands before an event that cannot be folded
--   gone           there is no such projection
-- Errors: LG023 the fold failed: the detail is the position of the batch's first event, the number of
--   its events, and the fold's own SQLSTATE. Nothing is stored.
-- Locks: the checkpoint's row; another's is left alone.
-- Rights: runs with its owner's; the fold with those of the projection's role.
create or replace function ledger.fold_projection(in_projection text, in_app text, in_beside boolean,
  in_owner text, in_limit int, out progress text, out reached bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Positions looked at in one batch, and bytes of data in it: of an event alone any number.
  window_events constant int := 10000;
  window_bytes constant bigint := 16777216;
  lease constant interval := '5 seconds';
  wanted ledger.projections;
  mark ledger.checkpoints;
  checkpoint constant text := in_projection || case when in_beside then '/next' else '' end;
  types text[];
  head bigint;
  batch int;
  skipped bigint[];
  found_events int;
  taken int;
  last_taken bigint;
  events pushledger.event[];
  state text;
  message text;
begin
  select * into wanted from ledger.projections p
    where p.projection = in_projection and p.fold_sql is not null for key share;
  types := wanted.types;
  if found and in_beside then
    select r.types into types from ledger.rebuilds r where r.projection = in_projection;
  end if;
  if not found then
    progress := 'gone';
    return;
  end if;
  insert into ledger.checkpoints (app, projection, position, updated_at)
    select a.app, checkpoint, 0, now() from ledger.apps a
      where a.app = in_app and not exists (
        select from ledger.checkpoints c where c.app = in_app and c.projection = checkpoint)
    on conflict on constraint checkpoints_pk do nothing;
  select * into mark from ledger.checkpoints c
    where c.app = in_app and c.projection = checkpoint for update skip locked;
  if not found
    or (mark.owner <> in_owner and mark.leased_until >= clock_timestamp())
  then
    progress := 'held';
    return;
  end if;
  reached := mark.position;
  if mark.paused_at is not null or mark.failed_at is not null then
    progress := 'stands_still';
    return;
  end if;
  select h.position into head from ledger.heads h where h.app = in_app;
  if reached >= head then
    progress := 'caught_up';
    return;
  end if;
  skipped := array(
    select (s.data ->> 'position')::bigint from ledger.events s
    where s.app = in_app and s.stream = 'projection/' || in_projection
      and s.type = 'projection.event_skipped');
  batch := least(in_limit, wanted.batch_events);
  head := least(head, reached + window_events);
  with found as (
    select e.app, e.position, e.event_id, e.type, e.schema, e.stream, e.occurred_at, e.recorded_at,
        e.data, sum(pg_column_size(e.data)) over (order by e.position) as bytes,
        row_number() over (order by e.position) as number
      from (
        select e.* from ledger.events e
          where e.app = in_app and e.position > reached and e.position <= head
            and (types is null or e.type = any (types))
            and not e.position = any (skipped)
          order by e.position limit batch) e
  ), chosen as (
    select * from found f where f.bytes <= window_bytes or f.number = 1
  )
  select (select count(*) from found), count(*), max(c.position),
      array_agg(row(c.app, c.position, c.event_id, c.type, c.schema, c.stream, c.occurred_at,
        c.recorded_at, c.data)::pushledger.event order by c.position)
    into found_events, taken, last_taken, events
    from chosen c;
  reached := case when taken > 0 and (found_events = batch or taken < found_events)
    then last_taken else head end;
  if taken > 0 then
    if not ledger.has_runner(in_projection) then
      perform ledger.make_runner(in_projection);
    end if;
    begin
      execute format('select projections.%I($1, null, $2)', in_projection)
        using wanted.schema_name || case when in_beside then '_next' else '' end, events;
      set search_path = pg_catalog, pg_temp;
      perform ledger.check_projection(in_projection);
    exception
      when others or query_canceled or assert_failure then
        get stacked diagnostics state = returned_sqlstate, message = message_text;
        raise exception '%', left(message, 300)
          using errcode = 'LG023',
          detail = format('%s %s %s', (events[1]).position, taken, state);
    end;
  end if;
  update ledger.checkpoints c
    set position = fold_projection.reached, updated_at = clock_timestamp(), owner = in_owner,
      leased_until = clock_timestamp() + lease
    where c.app = in_app and c.projection = checkpoint;
  progress := 'folded';
end
$$;

comment on function ledger.fold_projection is
  'Folds one batch of an app''s events into a projection that was added. LG023.';
