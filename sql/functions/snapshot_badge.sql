-- ledger.snapshot_badge: what a device's icon showed where its app's snapshot of the projection is.
-- The pushes before, which made it so, may be in an archive.
--
-- Arguments: the app, the user, the device.
-- Result: null where nothing was ever detached, or the device was not known there.
-- Rights: runs with its owner's, for who explains may read no table of a projection.
create or replace function ledger.snapshot_badge(in_app text, in_user text, in_device text)
returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The first detaching makes the tables.
  if to_regclass('notifications_v1_snapshot.devices') is null then
    return null;
  end if;
  return (
    select d.badge from notifications_v1_snapshot.devices d
      where d.app = in_app and d.user_id = in_user and d.device_id = in_device);
end
$$;

comment on function ledger.snapshot_badge is
  'What a device''s icon showed where its app''s snapshot is; null: not known.';
