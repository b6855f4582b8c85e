-- pushledger.position_at: the last position that was committed at or before a moment.
--
-- Arguments: the app and the moment. Result: 0 where the ledger has nothing as old as that.
-- Times of commit never go back within an app and positions have no gap, so the place is found by
--   halving: some 30 index lookups in a ledger of a billion events.
create or replace function pushledger.position_at(in_app text, moment timestamptz)
returns bigint
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  known bigint := 0;
  above bigint;
  middle bigint;
  recorded timestamptz;
begin
  select coalesce(max(e.position), 0) + 1 into above from pushledger.events e where e.app = in_app;
  while above - known > 1 loop
    middle := known + (above - known) / 2;
    select e.recorded_at into recorded from pushledger.events e
      where e.app = in_app and e.position = middle;
    if recorded <= moment then
      known := middle;
    else
      above := middle;
    end if;
  end loop;
  return known;
end
$$;

comment on function pushledger.position_at is
  'The last position of an app''s ledger at a moment: what was known then.';
