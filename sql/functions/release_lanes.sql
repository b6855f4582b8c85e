-- dispatch.release_lanes: gives lanes of an app back, everything sent in them being recorded.
--
-- Arguments: lanes with the epochs under which they were held, and whether the dispatcher leaves
--   the app altogether, so that the others share its lanes at once.
-- Result: how many lanes were given back; one that was lost before is none of them.
-- Locks: the lanes' rows. Others are notified: they may have been waiting for them.
create or replace function dispatch.release_lanes(
  in_app text, in_dispatcher text, in_lanes smallint[], in_epochs bigint[], in_leaves boolean)
returns int
language plpgsql
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  released smallint[];
begin
  with given_back as (
    update dispatch.lanes l set dispatcher = null, leased_until = null
      from unnest(in_lanes, in_epochs) as h (lane, epoch)
      where l.app = in_app and l.lane = h.lane and l.epoch = h.epoch
        and l.dispatcher = in_dispatcher
      returning l.lane
  )
  select array_agg(g.lane) into released from given_back g;
  if in_leaves then
    delete from dispatch.dispatchers s where s.app = in_app and s.dispatcher = in_dispatcher;
  end if;
  if released is null then
    return 0;
  end if;
  delete from dispatch.handed_out h where h.app = in_app and h.lane = any (released);
  perform pg_notify('pushledger_due', in_app);
  return cardinality(released);
end
$$;

comment on function dispatch.release_lanes is
  'Gives lanes back: whoever takes one next finds nothing in it that may have been sent.';
