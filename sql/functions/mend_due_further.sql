-- dispatch.mend_due_further: goes on with bringing what is due in step with the projection, after
-- another took over that was far ahead of it, or had much to set right.
--
--     what is due and should not be goes, place by place ─► what should be due and is not comes,
--                                                           message by message
--
-- The caller holds the app's checkpoint of the projection, so nothing is folded. Appending goes on,
-- and so do attempts. What ended after the checkpoint is left to the fold of that attempt, or it would
-- be pushed twice; any other try only counts: its number is taken, and so is that of a try under way
-- in another place. What nothing stands for in the ledger is due at once.
--
-- Arguments: the app, and how many rows to look at in a lane, then how many to add, at most; all of a
--   place or of a message count as one.
-- Result: how many were added or removed. The checkpoint's mended_to is null once it is done; where
--   something was added, that is told on the channel pushledger_mended, for it may stand behind what
--   was read already.
-- Locks: the rows that it removes. Rights: runs with its owner's, for no role both adds and removes.
--
-- Rows are looked up one by one, by subqueries that end with limit or offset: joined as a whole, all
-- that is due, or all that was attempted since, would be read at every call. Attempts are read once a
-- message, and met by a hash: one by one, each delivery of a message to many would read those of all.
create or replace function dispatch.mend_due_further(in_app text, in_rows int)
returns bigint
language plpgsql security definer
set search_path = pg_catalog
set enable_seqscan = off
set enable_nestloop = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  -- Positions looked at in one call: where little is due, much would be looked through for it.
  span constant bigint := 2000;
  skipped constant bigint[] := pushledger.skipped_events(in_app);
  folded bigint;
  cleared bigint;
  mended bigint;
  reached bigint;
  due bigint;
  stale bigint;
  changed bigint;
begin
  select c.position, c.cleared_to, c.mended_to into folded, cleared, mended
    from ledger.checkpoints c
    where c.app = in_app and c.projection = 'notifications' and c.mended_to is not null;
  if not found then
    return 0;
  end if;
  if coalesce(cleared, 0) < folded then
    with recursive routes as (
      (
        select u.provider, u.lane from dispatch.due u
          where u.app = in_app order by u.provider, u.lane limit 1)
      union all
      select n.provider, n.lane
        from routes r
        cross join lateral (
          select u.provider, u.lane from dispatch.due u
            where u.app = in_app and (u.provider, u.lane) > (r.provider, r.lane)
            order by u.provider, u.lane limit 1) n
    ), looked as materialized (
      select u.ctid as place, u.provider, u.lane, u.position, (
          select true from notifications_v1.deliveries d
            where d.app = in_app and d.delivery_id = u.delivery_id and d.status = 'due'
              and d.provider = u.provider and d.lane = u.lane
              and coalesce(d.due_position, d.position) = u.position limit 1) is null as is_stale
        from routes r
        cross join lateral (
          select u.ctid, u.* from dispatch.due u
            where u.app = in_app and u.provider = r.provider and u.lane = r.lane
              and u.position > coalesce(cleared, 0) and u.position <= coalesce(cleared, 0) + span
            order by u.position fetch first (in_rows) rows with ties) u
    ), gone as (
      delete from dispatch.due u
        where u.ctid = any (array(select l.place from looked l where l.is_stale))
        returning true
    )
    select (select count(*) from gone), (select count(*) from looked l where l.is_stale), (
        select min(c.last) from (
          select max(l.position) as last from looked l group by l.provider, l.lane
            having count(*) >= in_rows) c)
      into changed, stale, reached;
    -- A try may have moved a row meanwhile, which is not found at its place then: it is looked at again.
    if changed = stale then
      update ledger.checkpoints c
        set cleared_to = least(reached, coalesce(cleared, 0) + span, folded)
        where c.app = in_app and c.projection = 'notifications';
    end if;
    return changed;
  end if;

  select count(*), max(x.position) into due, reached
    from (
      select d.position from notifications_v1.deliveries d
        where d.app = in_app and d.position > mended and d.position <= mended + span
          and d.status = 'due'
        order by d.position limit in_rows) x;
  if due < in_rows then
    reached := mended + span;
  end if;
  with wanted as materialized (
    select d.*, coalesce(d.due_position, d.position) as place
      from notifications_v1.deliveries d
      where d.app = in_app and d.position > mended and d.position <= reached and d.status = 'due'
  ), sent_as as materialized (
    select m.position, m.expires_at,
        'message/' || replace(replace(m.message_id, '%', '%25'), '/', '%2F') as stream
      from (select distinct w.position from wanted w) w
      cross join lateral (
        select m.* from notifications_v1.messages m
          where m.app = in_app and m.position = w.position limit 1) m
  ), tried as materialized (
    select lower(e.data ->> 'delivery_id') as delivery,
        max(case when e.data ->> 'attempt' ~ '^[0-9]{1,9}$'
          then (e.data ->> 'attempt')::int end) as attempts,
        bool_or(e.data ->> 'outcome' in ('accepted', 'expired')) as has_ended,
        array_agg(e.data ->> 'provider') filter (
          where e.data ->> 'outcome' not in ('accepted', 'expired', 'retry', 'unknown')
            and e.data ? 'provider') as refused_by
      from sent_as m
      cross join lateral (
        select e.data from ledger.events e
          where e.app = in_app and e.stream = m.stream and e.position > folded
            and e.type = 'push.attempted' and e.position <> all (skipped) offset 0) e
      group by 1
  )
  insert into dispatch.due (app, provider, lane, position, delivery_id, user_id, device_id,
      attempts, due_at, expires_at)
    select d.app, d.provider, d.lane, d.place, d.delivery_id, d.user_id, d.device_id,
        greatest(d.attempts, t.attempts, h.attempts, s.attempts), now(), m.expires_at
      from wanted d
      join sent_as m on m.position = d.position
      left join tried t on t.delivery = d.delivery_id::text
      cross join lateral (
        select max(o.attempt) as attempts
          from dispatch.handed_out h
          cross join unnest(h.positions, h.deliveries, h.attempts)
            as o (position, delivery_id, attempt)
          where h.app = in_app and h.lane = d.lane and o.delivery_id = d.delivery_id
            and (h.provider, o.position) is distinct from (d.provider, d.place) offset 0) h
      cross join lateral (
        select max(s.attempt) as attempts
          from dispatch.sent s
          where s.app = in_app and s.user_id = d.user_id and s.device_id = d.device_id
            and s.delivery_id = d.delivery_id
            and ('callback', s.position) is distinct from (d.provider, d.place) offset 0) s
      where t.has_ended is not true and d.provider <> all (coalesce(t.refused_by, '{}')) and (
        select true from dispatch.due u
          where u.app = in_app and u.provider = d.provider and u.lane = d.lane
            and u.position = d.place and u.delivery_id = d.delivery_id limit 1) is null
    on conflict (app, provider, lane, position, delivery_id) do nothing;
  get diagnostics changed = row_count;
  if reached < folded then
    update ledger.checkpoints c
      set mended_to = reached, mended_rows = coalesce(c.mended_rows, 0) + changed
      where c.app = in_app and c.projection = 'notifications';
  else
    if changed > 0 or exists (
      select from ledger.checkpoints c
        where c.app = in_app and c.projection = 'notifications' and c.mended_rows > 0)
    then
      perform pg_notify('pushledger_mended', in_app);
    end if;
    update ledger.checkpoints c set mended_to = null, cleared_to = null, mended_rows = null
      where c.app = in_app and c.projection = 'notifications';
  end if;
  return changed;
end
$$;

comment on function dispatch.mend_due_further is
  'Goes on with bringing what is due in step with the projection, after another took over.';
