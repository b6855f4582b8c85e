-- ledger.hand_over_checkpoints: ends a rebuild: its checkpoints become those of what serves.
--
-- Argument: the projection's name. The generation counts up, so that no projector goes on with what it
-- holds of other tables. A pause goes on, and where what is due was still being set right, that begins
-- anew.
-- Locks: the checkpoints of both.
create or replace function ledger.hand_over_checkpoints(in_projection text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update ledger.checkpoints n
    set owner = null, leased_until = null,
      generation = 1 + coalesce((
        select c.generation from ledger.checkpoints c
          where c.app = n.app and c.projection = in_projection), 0),
      paused_at = (
        select c.paused_at from ledger.checkpoints c
          where c.app = n.app and c.projection = in_projection),
      mended_to = (
        select case when c.mended_to is not null then 0 end from ledger.checkpoints c
          where c.app = n.app and c.projection = in_projection),
      cleared_to = (
        select case when c.mended_to is not null then 0 end from ledger.checkpoints c
          where c.app = n.app and c.projection = in_projection),
      mended_rows = (
        select c.mended_rows from ledger.checkpoints c
          where c.app = n.app and c.projection = in_projection)
    where n.projection = in_projection || '/next';
  delete from ledger.checkpoints c where c.projection = in_projection;
  update ledger.checkpoints c set projection = in_projection
    where c.projection = in_projection || '/next';
  delete from ledger.rebuilds r where r.projection = in_projection;
end
$$;

comment on function ledger.hand_over_checkpoints is
  'Ends a rebuild: its checkpoints become those of what serves.';
