-- ledger.erasable: the events of a stretch of a ledger whose content an erasure takes.
--
-- Arguments: the app; what is erased, one of three: a user, a message, or what was recorded up to
--   the position in_before; whether what people are known by is meant (names, tokens) or what was
--   said; the stretch: after in_after, up to in_through; at most how many.
-- Result: their positions in order, and their types.
--
--   of           said                                     known
--   a user       what the user sent, or tried to          names, name cards and tokens of the user's
--   a message    what was sent under its id               nothing
--   a time       everything but names and tokens          names and tokens that were replaced by then
--
-- A name that is replaced goes after all messages that were shown under it, so an erasure takes
-- what was said first.
create or replace function ledger.erasable(
  in_app text, in_user text, in_message text, in_before bigint, in_known boolean,
  in_after bigint, in_through bigint, in_limit int)
returns table ("position" bigint, type text)
language plpgsql stable
set search_path = pg_catalog
set jit = off
as $$
#variable_conflict use_column
declare
  said constant text[] := array['message.sent', 'message.refused', 'broadcast.started'];
  known constant text[] := array[
    'user.updated', 'group.updated', 'group.member_added', 'device.registered'];
begin
  if in_message is not null then
    return query
      select e.position, e.type from ledger.events e
        where e.app = in_app and e.content is not null and not in_known
          and e.stream = 'message/' || replace(replace(in_message, '%', '%25'), '/', '%2F')
          and e.position > in_after and e.position <= in_through
        order by e.position limit in_limit;
  elsif in_user is not null then
    return query
      select e.position, e.type from ledger.events e
        where e.app = in_app and e.position > in_after and e.position <= in_through
          and e.content is not null and (e.type = any (said)) <> in_known
          and (e.data ->> 'from' = in_user or in_known and e.data ->> 'user' = in_user)
        order by e.position limit in_limit;
  elsif not in_known then
    return query
      select e.position, e.type from ledger.events e
        where e.app = in_app and e.position > in_after
          and e.position <= least(in_through, in_before)
          and e.content is not null and e.type <> all (known)
        order by e.position limit in_limit;
  else
    return query
      select e.position, e.type from ledger.events e
        where e.app = in_app and e.position > in_after
          and e.position <= least(in_through, in_before)
          and e.content is not null and e.type = any (known)
          and exists (
            select from ledger.events n
              where n.app = in_app and n.stream = e.stream and n.position > e.position
                and n.position <= in_before
                and case e.type
                  when 'user.updated' then n.type = 'user.deleted'
                    or n.type = 'user.updated' and n.content::jsonb ? 'nickname'
                  when 'group.updated' then n.type = 'group.dissolved'
                    or n.type = 'group.updated' and n.content::jsonb ? 'name'
                  when 'group.member_added' then n.type = 'group.dissolved'
                    or n.data ->> 'user' = e.data ->> 'user'
                      and (n.type = 'group.member_removed'
                        or n.type = 'group.member_added' and n.content::jsonb ? 'name_card')
                  else n.type = 'device.unregistered' or n.type = 'device.registered'
                    and n.data -> 'while_logged_in' is distinct from 'true' end)
        order by e.position limit in_limit;
  end if;
end
$$;

comment on function ledger.erasable is
  'The events of a stretch of a ledger whose content an erasure takes.';
