-- ledger.detach: takes out of the database the next messages that an app's archive holds, with what
-- became of them: their events, deliveries, attempts and counts, in the projection and its snapshot.
--
-- A message that went on after the archive's end, by an attempt, a receipt or a call-off, stays whole.
-- Of all others the projection keeps what counts as unread, and the hourly statistics.
--
-- Arguments: the app; how many positions to go through at most.
-- Result: how far it has come, the archive's end once it is done; how many events were taken out.
-- Errors: LG030 the projection or its snapshot has not come to the archive's end, or is being rebuilt;
--   nothing is detached then.
-- Locks: the app's archive, and its checkpoints: nothing is folded meanwhile. Rights: nobody's but the
--   owner's.
create or replace function ledger.detach(
  in_app text, in_span bigint, out swept bigint, out events bigint)
language plpgsql
set search_path = pg_catalog
set jit = off
as $$
declare
  archive ledger.archives;
  serving text;
  tables text;
  through bigint;
  going_on text[];
  ended bigint[];
  end_time timestamptz; -- When the archive's last commit was made.
begin
  select p.schema_name into serving
    from ledger.projections p where p.projection = 'notifications' for share;
  select * into archive from ledger.archives a where a.app = in_app for update;
  if exists (select from ledger.rebuilds r where r.projection = 'notifications') then
    raise exception 'the projection notifications is being rebuilt' using errcode = 'LG030',
      hint = 'Wait for it, or give it up with: pushledger projections drop notifications';
  end if;
  perform from ledger.checkpoints c
    where c.app = in_app and c.projection in ('notifications', 'notifications/snapshot')
    order by c.projection for update;
  if archive is null or (
    select count(*) from ledger.checkpoints c
      where c.app = in_app and c.projection in ('notifications', 'notifications/snapshot')
        and c.position >= archive.position
        and (c.projection = 'notifications' or c.position = archive.position)) < 2
  then
    raise exception 'the projection of app % or its snapshot is not at the archive''s end', in_app
      using errcode = 'LG030', hint = 'Go on with: pushledger archive --detach';
  end if;

  select c.recorded_at into end_time from ledger.commits c
    where c.app = in_app and c.commit_number = archive.commit_number;
  through := least(archive.swept_position + in_span, archive.position);
  -- Histories of messages that went on after the archive's end.
  execute format($sql$
    select coalesce(array_agg(h.stream), '{}')
      from (
        select distinct e.stream, e.data ->> 'message_id' as message_id
          from ledger.events e
          where e.app = $1 and e.position > $2 and e.position <= $3
            and ledger.is_detachable(e.type)) h
      where exists (
          select from ledger.events n
            where n.app = $1 and n.stream = h.stream and n.position > $4
              and n.type in ('push.attempted', 'push.delivered', 'push.opened', 'push.not_shown',
                'push.cancelled', 'push.retried'))
        or exists (
          select from %1$I.messages m
            join %1$I.deliveries d on d.app = m.app and d.position = m.position
            where m.app = $1 and m.message_id = h.message_id and m.position <= $4
              and (d.status = 'due' or d.status = 'cancelled' and d.ended_at > $5))
    $sql$, serving)
    into going_on using in_app, archive.swept_position, through, archive.position, end_time;
  execute format($sql$
    select coalesce(array_agg(m.position), '{}')
      from ledger.events e
      join %I.messages m on m.app = e.app and m.position = e.position
      where e.app = $1 and e.position > $2 and e.position <= $3 and e.type = 'message.sent'
        and e.stream <> all ($4)
    $sql$, serving)
    into ended using in_app, archive.swept_position, through, going_on;
  foreach tables in array array[serving, serving || '_snapshot'] loop
    execute format($sql$
      delete from %1$I.attempts a using %1$I.deliveries d
        where d.app = $1 and d.position = any ($2) and d.attempts > 0
          and a.app = d.app and a.delivery_id = d.delivery_id
      $sql$, tables) using in_app, ended;
    execute format('delete from %I.deliveries d where d.app = $1 and d.position = any ($2)', tables)
      using in_app, ended;
    execute format('delete from %I.suppressed_counts c where c.app = $1 and c.position = any ($2)',
      tables) using in_app, ended;
    execute format($sql$
      update %I.messages m
        set notification = format('{"text":"[archived]","thread_id":%%s,"archived":true}',
          (m.notification -> 'thread_id')::text)::json
        where m.app = $1 and m.position = any ($2)
      $sql$, tables) using in_app, ended;
  end loop;

  with gone as (
    delete from ledger.events e
      where e.app = in_app and e.position > archive.swept_position and e.position <= through
        and ledger.is_detachable(e.type) and e.stream <> all (going_on)
      returning e.event_id, e.position
  ), kept as (
    insert into ledger.detached_ids (app, event_id, position)
      select in_app, g.event_id, g.position from gone g
  )
  select count(*) into events from gone;
  update ledger.archives a set swept_position = through where a.app = in_app;
  swept := through;
end
$$;

comment on function ledger.detach is
  'Takes archived messages, and what became of them, out of the database. LG030.';
