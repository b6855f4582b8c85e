-- dispatch.mend_due_further: goes on with bringing what is due in step with the projection, after
-- another took over that was far ahead of it, or had much to set right.
--
--     what is due and should not be goes ─► what should be and is not comes, message by message
--
-- The caller holds the app's checkpoint of the projection, so nothing is folded. Appending goes on,
-- and so do attempts: a delivery that was attempted after the checkpoint is left to the fold of that
-- attempt, or it would be pushed twice. What nothing stands for in the ledger is due at once.
--
-- Arguments: the app, and how many rows to add at most; all of a message count as one.
-- Result: how many were added or removed. The checkpoint's mended_to is null once it is done, which
--   is told on the channel pushledger_mended: what was added may stand behind what was read already.
-- Locks: the rows that it removes. Rights: runs with its owner's, for no role both adds and removes.
create or replace function dispatch.mend_due_further(in_app text, in_rows int)
returns bigint
language plpgsql security definer
set search_path = pg_catalog
set enable_seqscan = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  -- Positions looked at in one call: where little is due, much would be looked through for it.
  span constant bigint := 2000;
  folded bigint;
  mended bigint;
  reached bigint;
  due bigint;
  removed bigint := 0;
  added bigint;
begin
  select c.position, c.mended_to into folded, mended from ledger.checkpoints c
    where c.app = in_app and c.projection = 'notifications' and c.mended_to is not null;
  if not found then
    return 0;
  end if;
  if mended = 0 then
    delete from dispatch.due u
      where u.app = in_app and not exists (
        select from notifications_v1.deliveries d
          where d.app = u.app and d.delivery_id = u.delivery_id and d.status = 'due'
            and d.provider = u.provider and d.lane = u.lane
            and coalesce(d.due_position, d.position) = u.position);
    get diagnostics removed = row_count;
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
  with attempted as materialized (
    select (e.data ->> 'delivery_id')::uuid as delivery_id from ledger.events e
      where e.app = in_app and e.position > folded and e.type = 'push.attempted'
  )
  insert into dispatch.due (app, provider, lane, position, delivery_id, user_id, device_id,
      attempts, due_at, expires_at)
    select d.app, d.provider, d.lane, coalesce(d.due_position, d.position), d.delivery_id,
        d.user_id, d.device_id, d.attempts, now(), m.expires_at
      from notifications_v1.deliveries d
      cross join lateral (
        select m.expires_at from notifications_v1.messages m
          where m.app = d.app and m.position = d.position limit 1) m
      where d.app = in_app and d.position > mended and d.position <= reached
        and d.status = 'due'
        -- Looked up, each: joined as a whole, all that is due would be read every time.
        and (
          select true from dispatch.due u
            where u.app = d.app and u.provider = d.provider and u.lane = d.lane
              and u.position = coalesce(d.due_position, d.position)
              and u.delivery_id = d.delivery_id limit 1) is null
        and not exists (
          select from attempted a where a.delivery_id = d.delivery_id);
  get diagnostics added = row_count;
  update ledger.checkpoints c set mended_to = nullif(least(reached, folded), folded)
    where c.app = in_app and c.projection = 'notifications';
  if reached >= folded then
    perform pg_notify('pushledger_mended', in_app);
  end if;
  return removed + added;
end
$$;

comment on function dispatch.mend_due_further is
  'Goes on with bringing what is due in step with the projection, after another took over.';
