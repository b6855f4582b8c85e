-- pushledger.unread_at: how much was unread for a user at a position, in each conversation that
-- they had a part in then.
--
--   select * from pushledger.unread_at('demo', 'ann', 1200);
--   select * from pushledger.unread_at('demo', 'ann', 1200, 'group/team');
--
-- It says what the fold said there (docs/decisions.md, section 1), without folding. The projection
-- keeps how a user stood in a conversation after each event that moved them, and only what came
-- after the last of these is looked at:
--
--     mark   stood                 position
--     ──│══════│═══════════════════════│      what came, by two numbers of messages;
--       │      ├───────────────────────┤      less own messages, and with those to chosen members
--       ├──────┴───────────────────────┤      less what was recalled between stood and position
--
-- What is left out of the projection by decision is left out here.
--
-- Arguments: the app; the user; the position, of which what the projection has not folded yet is
--   left out; one conversation, or null for all.
-- Result: no row for a conversation that the user had no part in.
create or replace function pushledger.unread_at(
  in_app text, in_user text, in_position bigint, in_conversation text default null)
returns table (
  conversation text, group_id text, peer text, unread bigint, receive text, read_position bigint)
language plpgsql stable
set search_path = pg_catalog
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
    with stood as materialized (
      -- Backwards: as the index has them.
      select distinct on (s.conversation) s.*
        from pushledger.standings s
        where s.app = in_app and s.user_id = in_user and s.position <= in_position
          and (in_conversation is null or s.conversation = in_conversation)
        order by s.conversation desc, s.position desc
    ), parts as materialized (
      -- is_behind: own messages may have come since, and counted.
      select s.*, m.sequence, m.position > s.position and s.frozen_at is null as is_behind
        from stood s
        left join lateral (
          select m.position, m.sequence from pushledger.messages m
            where m.app = in_app and m.conversation = s.conversation and m.position <= in_position
              and m.sequence > 0
            order by m.position desc limit 1) m on true
        where s.receive is not null
    ), own as (
      -- A window takes one pass; a join of what is in memory takes one for each row.
      select o.conversation, count(*) as messages
        from (
          select m.*, max(m.position) filter (where not m.is_sent)
              over (partition by m.conversation) as stood_at
            from (
              select p.conversation, p.position, false as is_sent
                from parts p where p.is_behind
              union all
              select m.conversation, m.position, true
                from pushledger.messages m
                where m.app = in_app and m.sender = in_user and m.sequence > 0
                  and m.position > (select min(p.position) from parts p where p.is_behind)
                  and m.position <= in_position
                  and (in_conversation is null or m.conversation = in_conversation)) m) o
        where o.is_sent and o.position > o.stood_at
        group by o.conversation
    )
    select p.conversation,
        case when p.conversation like 'group/%' then ids.first end,
        case when p.conversation like 'pair/%' then
          case when ids.first = in_user then ids.second else ids.first end end,
        greatest(0, coalesce(p.frozen_at, p.sequence, 0) - p.read_sequence + p.adjustment
          - coalesce(own.messages, 0) + uneven.messages)::bigint,
        p.receive, p.read_position
      from parts p
      left join own on own.conversation = p.conversation
      cross join lateral (
        -- What came while the user rejected all did not count, so its recall takes nothing away.
        select count(*) filter (where m.counted_targets ? in_user and m.position > p.position)
            - count(*) filter (where m.recalled_at > p.position and m.recalled_at <= in_position
              and case when m.sequence > 0
                then m.sender <> in_user and (
                  select s.frozen_at is null from pushledger.standings s
                    where s.app = in_app and s.user_id = in_user
                      and s.conversation = p.conversation and s.position <= m.position
                    order by s.position desc limit 1)
                else m.counted_targets ? in_user end) as messages
          from pushledger.messages m
          where m.app = in_app and m.conversation = p.conversation
            and m.position > p.read_position and m.position <= in_position
            and (m.recalled_at is not null or m.counted_targets <> '[]')) uneven
      cross join lateral (
        select replace(replace(split_part(p.conversation, '/', 2), '%2F', '/'), '%25', '%'),
            replace(replace(split_part(p.conversation, '/', 3), '%2F', '/'), '%25', '%')
        ) ids (first, second)
      order by p.conversation;
end
$$;

comment on function pushledger.unread_at is
  'How much was unread for a user at a position, by conversation: what the fold said there.';
