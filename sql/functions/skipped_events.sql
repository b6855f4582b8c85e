-- pushledger.skipped_events: the positions of the events that somebody decided to leave out of the
-- projection `notifications`: those that projection.event_skipped names. What tells how things
-- stood leaves them out, too, before the decision as well as after it, as a rebuild does.
--
-- Arguments: the app.
-- Result: in no order; empty where there are none.
create or replace function pushledger.skipped_events(in_app text)
returns bigint[]
language sql stable
set search_path = pg_catalog
as $$
  select array(
    select (s.data ->> 'position')::bigint from pushledger.events s
    where s.app = in_app and s.stream = 'projection/notifications'
      and s.type = 'projection.event_skipped');
$$;

comment on function pushledger.skipped_events is
  'Positions of the events that are left out of the projection notifications by decision.';
