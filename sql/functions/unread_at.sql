-- pushledger.unread_at: how much was unread for a user at a position, in each conversation that
-- they had a part in then.
--
--   select * from pushledger.unread_at('demo', 'ann', 1200);
--   select * from pushledger.unread_at('demo', 'ann', 1200, 'group/team');
--
-- It says what the fold said there (docs/decisions.md, section 1), without folding:
--
--     joined        mark                    position
--       │  ───────────│═══════════════════════│      messages that others sent after the mark,
--       │             │   ──reject──          │      less those of times in which the user
--       │             │               set=n   │      rejected all, less what was recalled by then;
--                                     ├═══════┤      or n, and what came and went since it was set
--
-- Messages that count for all are numbered in their conversation, so that they are counted by two
-- lookups, however many they are. What is uneven, own messages, recalled ones, those to chosen
-- members, is looked at one by one.
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
declare
  own_stream constant text := 'user/' || replace(replace(in_user, '%', '%25'), '/', '%2F');
  last_position constant bigint := (
    select least(in_position, s.position) from pushledger.checkpoints s
    where s.app = in_app and s.projection = 'notifications');
  skipped constant bigint[] := pushledger.skipped_events(in_app);
begin
  return query
    with wishes as materialized (
      select e.position, e.type, pushledger.seen_as(e.data) as seen_as,
          e.data ->> 'receive' as receive, (e.data ->> 'unread')::numeric::bigint as unread
        from pushledger.events e
        where e.app = in_app and e.stream = own_stream and e.position <= last_position
          and e.type in ('conversation.receive_changed', 'conversation.unread_set')
          and e.position <> all (skipped)
    ), changes as materialized (
      select w.position, w.seen_as, w.receive from wishes w
        where w.type = 'conversation.receive_changed'
    ), membership as materialized (
      select e.position, e.type, e.data ->> 'group' as group_id, e.data ->> 'receive' as receive,
          pushledger.conversation_name(null, null, e.data ->> 'group') as conversation
        from pushledger.events e
        where e.app = in_app and e.data ->> 'user' = in_user and e.position <= last_position
          and e.type in ('group.member_added', 'group.member_removed', 'group.receive_changed')
          and e.position <> all (skipped)
    ), stays as materialized (
      -- Each with where the user last came into the group, null where they are out of it. Windows
      -- take one pass; joins of what is in memory take one for each row.
      select g.*, min(g.position) filter (
          where g.type = 'group.member_added' and g.position > g.gone)
          over (partition by g.conversation) as joined
        from (
          select m.*, greatest(
              max(m.position) filter (where m.type = 'group.member_removed')
                over (partition by m.conversation),
              (select max(e.position) from pushledger.events e
                where e.app = in_app and e.stream = m.conversation and e.position <= last_position
                  and e.type = 'group.dissolved' and e.position <> all (skipped)), 0) as gone
            from membership m
            where in_conversation is null or m.conversation = in_conversation) g
    ), parts as materialized (
      -- seen_as: how the user's own events name it; floor: what the mark begins at.
      select distinct s.conversation, 'group/' || s.group_id as seen_as, s.group_id, null as peer,
          s.joined, s.joined as floor
        from stays s
        where s.joined is not null
      union all
      select u.conversation, 'user/' || u.peer, null, u.peer, b.position, 0
        from pushledger.unread u
        cross join lateral (
          select least(
              (select m.position from pushledger.messages m
                where m.app = in_app and m.conversation = u.conversation
                order by m.position limit 1),
              (select min(c.position) from changes c
                where c.seen_as = 'user/' || u.peer)) as position
          -- Else it is looked for twice.
          offset 0) b
        where u.app = in_app and u.user_id = in_user and u.peer is not null
          and b.position <= last_position
          and (in_conversation is null or u.conversation = in_conversation)
    ), settings as materialized (
      select distinct on (p.conversation) p.conversation, w.position, w.unread
        from wishes w
        join parts p on p.seen_as = w.seen_as and w.position > p.joined
        where w.type = 'conversation.unread_set'
        order by p.conversation, w.position desc
    ), newest as materialized (
      -- The mark as read_mark has it, without a call for each.
      select p.conversation, p.seen_as, p.joined, e.position,
          case when e.up_to is null then least(e.up_to_position, e.position)
            else (
              select m.position from pushledger.messages m
              where m.app = in_app and m.message_id = e.up_to and m.position < e.position)
          end as mark
        from parts p
        cross join lateral (
          select e.position, e.data ->> 'up_to' as up_to,
              (e.data ->> 'up_to_position')::numeric::bigint as up_to_position
            from pushledger.events e
            where e.app = in_app and e.stream = own_stream and e.type = 'conversation.read'
              and pushledger.seen_as(e.data) = p.seen_as collate "C"
              and e.position > p.joined and e.position <= last_position
              and e.position <> all (skipped)
            order by e.position desc limit 1) e
    ), reads as materialized (
      -- No mark is beyond its own event, so one that is older than the newest mark moved it less
      -- far. How things stood when a count was set takes all of them.
      select n.conversation, n.position, n.mark from newest n
      union all
      select n.conversation, e.position,
          pushledger.read_mark(in_app, e.position, e.up_to, e.up_to_position)
        from newest n
        left join settings s on s.conversation = n.conversation
        -- The offset keeps the planner from reading all marks for one join.
        cross join lateral (
          select e.position, e.data ->> 'up_to' as up_to,
              (e.data ->> 'up_to_position')::numeric::bigint as up_to_position
            from pushledger.events e
            where e.app = in_app and e.stream = own_stream and e.type = 'conversation.read'
              and pushledger.seen_as(e.data) = n.seen_as collate "C" and e.position < n.position
              and e.position > greatest(n.joined,
                case when s.position is null then n.mark end)
              and e.position <> all (skipped)
            offset 0) e
    ), marked as materialized (
      -- A set count holds until the mark moves again.
      select p.*, m.mark, case when m.mark = m.mark_when_set then s.position end as set_at,
          s.unread as set_to
        from parts p
        left join settings s on s.conversation = p.conversation
        left join (
          select r.conversation, max(r.mark) as mark,
              max(r.mark) filter (where r.position < t.position) as mark_when_set
            from reads r
            left join settings t on t.conversation = r.conversation
            group by r.conversation) r on r.conversation = p.conversation
        cross join lateral (
          select greatest(p.floor, r.mark) as mark,
              greatest(p.floor, r.mark_when_set) as mark_when_set) m
    ), options as materialized (
      select o.conversation, o.receive, o.position as begins,
          lead(o.position) over (partition by o.conversation order by o.position) as ends
        from (
          select s.conversation, s.position, coalesce(s.receive, 'notify') as receive
            from stays s
            where s.position = s.joined or (s.position > s.joined and s.receive is not null)
          union all
          select p.conversation, 0, 'notify' from parts p where p.peer is not null
          union all
          select p.conversation, c.position, c.receive from changes c
            join parts p on p.seen_as = c.seen_as and c.position >= p.joined
        ) o
    ), heard as materialized (
      -- The times after the mark in which what came counted.
      select m.conversation, greatest(o.begins, coalesce(m.set_at, m.mark)) as begins,
          coalesce(o.ends, last_position) as ends
        from marked m
        join options o on o.conversation = m.conversation and o.receive <> 'reject'
        where coalesce(o.ends, last_position) > coalesce(m.set_at, m.mark)
    ), numbered as (
      select h.conversation, sum(b.sign * m.sequence) as messages
        from heard h
        cross join lateral (values (h.ends, 1), (h.begins, -1)) b (at, sign)
        -- As sequence_at has it, without a call for each.
        cross join lateral (
          select m.sequence from pushledger.messages m
            where m.app = in_app and m.conversation = h.conversation and m.position <= b.at
              and m.sequence > 0
            order by m.position desc limit 1) m
        group by h.conversation
    ), own as (
      select h.conversation, count(*) as messages
        from heard h
        join pushledger.messages m on m.app = in_app and m.sender = in_user
          and m.conversation = h.conversation and m.position > h.begins and m.position <= h.ends
        where m.sequence > 0
        group by h.conversation
    ), uneven as materialized (
      -- Others' recalled messages after the mark, and those to chosen members.
      select m.conversation, m.position, m.sequence > 0 as is_numbered,
          r.position as recalled_at, k.set_at
        from marked k
        join pushledger.messages m on m.app = in_app and m.conversation = k.conversation
          and m.position > k.mark and m.position <= last_position
        left join lateral (
          select e.position from pushledger.events e
            where m.recalled and e.app = in_app and e.position > m.position
              and e.stream = 'message/' || replace(replace(m.message_id, '%', '%25'), '/', '%2F')
              and e.type = 'message.recalled' and e.position <> all (skipped)
            order by e.position limit 1) r on true
        where (m.recalled or m.counted_targets <> '[]') and m.sender <> in_user
          and case when m.sequence > 0 then exists (
              select from options o where o.conversation = m.conversation
                and o.receive <> 'reject' and m.position > o.begins
                and m.position <= coalesce(o.ends, last_position))
            else m.counted_targets ? in_user end
    ), adjusted as (
      select u.conversation,
          count(*) filter (where not u.is_numbered and u.position > coalesce(u.set_at, 0))
          - count(*) filter (where u.recalled_at <= last_position
            and u.recalled_at > coalesce(u.set_at, 0)) as messages
        from uneven u
        group by u.conversation
    )
    select m.conversation, m.group_id, m.peer,
        greatest(0, coalesce(
            case when m.set_at is not null then least(
              m.set_to, coalesce(pushledger.sequence_at(in_app, m.conversation, m.set_at), 0))
            end, 0)
          + coalesce(n.messages, 0) - coalesce(o.messages, 0) + coalesce(a.messages, 0))::bigint,
        p.receive, m.mark
      from marked m
      left join options p on p.conversation = m.conversation and p.ends is null
      left join numbered n on n.conversation = m.conversation
      left join own o on o.conversation = m.conversation
      left join adjusted a on a.conversation = m.conversation
      order by m.conversation collate "C";
end
$$;

comment on function pushledger.unread_at is
  'How much was unread for a user at a position, by conversation: what the fold said there.';
