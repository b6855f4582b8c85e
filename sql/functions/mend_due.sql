-- dispatch.mend_due: brings what is due in step with the projection, after another one took over.
--
-- Nobody may fold or record meanwhile: the caller holds the app's head and checkpoint, and the
-- projection has followed the ledger to its end. What was attempted keeps its number, and what
-- nothing stands for in the ledger is due at once.
--
-- Arguments: the app, and the deliveries to look at; null: all of the app.
-- Result: how many rows were added or removed.
-- Locks: the rows that it removes. Rights: runs with its owner's, for no role both adds and removes.
create or replace function dispatch.mend_due(in_app text, in_deliveries uuid[])
returns bigint
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  removed bigint;
  added bigint;
  moment constant timestamptz := now();
begin
  delete from dispatch.due u
    where u.app = in_app and (in_deliveries is null or u.delivery_id = any (in_deliveries))
      and not exists (
        select from notifications_v1.deliveries d
          where d.app = u.app and d.delivery_id = u.delivery_id and d.status = 'due'
            and d.provider = u.provider and d.lane = u.lane
            and coalesce(d.due_position, d.position) = u.position);
  get diagnostics removed = row_count;
  insert into dispatch.due (app, provider, lane, position, delivery_id, user_id, device_id,
      attempts, due_at, expires_at)
    select d.app, d.provider, d.lane, coalesce(d.due_position, d.position), d.delivery_id,
        d.user_id, d.device_id, d.attempts, moment, m.expires_at
      from notifications_v1.deliveries d
      join notifications_v1.messages m on m.app = d.app and m.position = d.position
      where d.app = in_app and (in_deliveries is null or d.delivery_id = any (in_deliveries))
        and d.status = 'due'
    on conflict (app, provider, lane, position, delivery_id) do nothing;
  get diagnostics added = row_count;
  return removed + added;
end
$$;

comment on function dispatch.mend_due is
  'Brings what is due in step with the projection, after another one took over.';
