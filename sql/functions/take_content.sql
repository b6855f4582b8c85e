-- ledger.take_content: takes the content of events that the app's newest content.erased names, and
-- what the projection copied of it.
--
-- Arguments: the app; the events' positions.
-- Locks: the app's checkpoints. Rights: nobody's but the owner's, for it trusts its caller, which
--   holds the app's head.
create or replace function ledger.take_content(in_app text, in_positions bigint[]) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  tables constant text[] := '{notifications,notifications/next,notifications/snapshot}';
  item record;
begin
  if cardinality(in_positions) = 0 then
    return;
  end if;
  -- A projector has read nothing that it has not stored, and reads nothing, while this holds them.
  perform from ledger.checkpoints c
    where c.app = in_app and c.projection = any (tables)
    order by c.projection for update;
  update ledger.events e set content = null
    where e.app = in_app and e.position = any (in_positions);
  -- What a projector holds in memory is as it was: another generation makes it read again.
  update ledger.checkpoints c set generation = c.generation + 1
    where c.app = in_app and c.projection = any (tables);
  for item in
    select p.schema_name || s.ending as schema_name,
        coalesce((
          select c.position from ledger.checkpoints c
            where c.app = in_app and c.projection = p.projection || s.checkpoint), 0) as position
      from ledger.projections p
      cross join (values ('', ''), ('_next', '/next'), ('_old', ''), ('_snapshot', '/snapshot'))
        as s (ending, checkpoint)
      where p.projection = 'notifications'
        and to_regnamespace(quote_ident(p.schema_name || s.ending)) is not null
  loop
    perform ledger.erase_projected(in_app, item.schema_name, item.position, in_positions);
  end loop;
end
$$;

comment on function ledger.take_content is
  'Takes the content of events that an event says is erased, and its copies.';
