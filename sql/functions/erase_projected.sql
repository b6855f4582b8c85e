-- ledger.erase_projected: takes what a projection's tables copied of events that lost their
-- content, so that they are what a fold of the ledger gives now. A name or token stays where an
-- event that still has its content set it anew.
--
-- Arguments: the app; the schema; how far it is folded; the events' positions.
-- Rights: nobody's but the owner's.
create or replace function ledger.erase_projected(
  in_app text, in_schema text, in_checkpoint bigint, in_positions bigint[])
returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  -- The last of the erased events of each kind and stream, and those after it that are folded.
  gone constant text := $sql$
    (select e.stream, e.data ->> 'user' as user_id, e.data ->> 'device' as device_id,
        e.data ->> 'group' as group_id, max(e.position) as position
      from ledger.events e
      where e.app = $1 and e.position = any ($2) and e.type = %L
      group by 1, 2, 3, 4) g
    $sql$;
  later constant text := $sql$
    select from ledger.events n
      where n.app = $1 and n.stream = g.stream and n.type = %L and n.position > g.position
        and n.position <= $3
    $sql$;
begin
  execute format($sql$
    update %I.messages m
      set notification = format('{"text":"[erased]","thread_id":%%s,"erased":true}',
        (m.notification -> 'thread_id')::text)::json
      where m.app = $1 and m.position = any ($2)
    $sql$, in_schema) using in_app, in_positions;
  execute format('update %I.users u set nickname = null from ' || gone
    || ' where u.app = $1 and u.user_id = g.user_id and u.nickname is not null and not exists ('
    || later || ' and n.content ->> ''nickname'' is not null)',
    in_schema, 'user.updated', 'user.updated') using in_app, in_positions, in_checkpoint;
  execute format('update %I.conversations c set name = null from ' || gone
    || ' where c.app = $1 and c.conversation = g.stream and c.name is not null and not exists ('
    || later || ' and n.content ->> ''name'' is not null)',
    in_schema, 'group.updated', 'group.updated') using in_app, in_positions, in_checkpoint;
  execute format('update %I.members m set name_card = null from ' || gone
    || ' where m.app = $1 and m.conversation = g.stream and m.user_id = g.user_id'
    || ' and m.name_card is not null and not exists (' || later
    || ' and n.data ->> ''user'' = g.user_id and n.content ->> ''name_card'' is not null)',
    in_schema, 'group.member_added', 'group.member_added')
    using in_app, in_positions, in_checkpoint;
  execute format('update %I.devices d set token = null from ' || gone
    || ' where d.app = $1 and d.user_id = g.user_id and d.device_id = g.device_id'
    || ' and d.token is not null and not exists (' || later
    || ' and n.content is not null and n.data ->> ''token_sha256'' = d.token_sha256)',
    in_schema, 'device.registered', 'device.registered')
    using in_app, in_positions, in_checkpoint;
  execute format('update %I.fallbacks f set token = null from ' || gone
    || ' where f.app = $1 and f.user_id = g.user_id and f.device_id = g.device_id'
    || ' and f.token is not null and not exists (' || later
    || ' and n.content is not null and n.data -> ''fallbacks'' @> jsonb_build_array('
    || 'jsonb_build_object(''token_sha256'', f.token_sha256)))',
    in_schema, 'device.registered', 'device.registered')
    using in_app, in_positions, in_checkpoint;
end
$$;

comment on function ledger.erase_projected is
  'Takes what a projection''s tables copied of content that is erased.';
