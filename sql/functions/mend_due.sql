-- dispatch.mend_due: brings deliveries' due rows in step with the projection, while another takes over.
--
-- Nobody may fold or record meanwhile: the caller holds the app's head and checkpoint, and the
-- projection has followed the ledger to its end. What was attempted keeps its number, and what
-- nothing stands for in the ledger is due at once.
--
-- Arguments: the app, and what to look at: deliveries, each with the place where it is due and should
--   not be, or the other way round. By its place a row is found at once, however much is due.
-- Result: how many rows were added or removed. What was added may stand behind what was read already:
--   that is told on the channel pushledger_mended.
-- Locks: the rows that it removes. Rights: runs with its owner's, for no role both adds and removes.
create or replace function dispatch.mend_due(
  in_app text, in_providers text[], in_lanes smallint[], in_positions bigint[], in_deliveries uuid[])
returns bigint
language plpgsql security definer
set search_path = pg_catalog
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  removed bigint;
  added bigint;
begin
  delete from dispatch.due u
    using unnest(in_providers, in_lanes, in_positions, in_deliveries)
      as f (provider, lane, position, delivery_id)
    where u.app = in_app and u.provider = f.provider and u.lane = f.lane
      and u.position = f.position and u.delivery_id = f.delivery_id
      and not exists (
        select from notifications_v1.deliveries d
          where d.app = u.app and d.delivery_id = u.delivery_id and d.status = 'due'
            and d.provider = u.provider and d.lane = u.lane
            and coalesce(d.due_position, d.position) = u.position);
  get diagnostics removed = row_count;
  insert into dispatch.due (app, provider, lane, position, delivery_id, user_id, device_id,
      attempts, due_at, expires_at)
    select d.app, d.provider, d.lane, coalesce(d.due_position, d.position), d.delivery_id,
        d.user_id, d.device_id, d.attempts, now(), m.expires_at
      from notifications_v1.deliveries d
      join notifications_v1.messages m on m.app = d.app and m.position = d.position
      where d.app = in_app and d.delivery_id = any (in_deliveries) and d.status = 'due'
    on conflict (app, provider, lane, position, delivery_id) do nothing;
  get diagnostics added = row_count;
  if added > 0 then
    perform pg_notify('pushledger_mended', in_app);
  end if;
  return removed + added;
end
$$;

comment on function dispatch.mend_due is
  'Brings deliveries'' due rows in step with the projection, while another takes over.';
