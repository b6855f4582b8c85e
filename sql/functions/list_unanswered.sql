-- dispatch.list_unanswered: what streams were handed, what nobody acknowledged, and what has
--   expired, so that it will not be sent again: the last that can be said of it is that it is not
--   known whether it rang.
--
-- Result: up to in_limit rows of an app that has any, oldest first; none where there are none.
-- Rights: its owner's.
create or replace function dispatch.list_unanswered(in_limit int)
returns table (
  app text, user_id text, device_id text, "position" bigint, delivery_id uuid, attempt int,
  message_id text, badge bigint, sent_at timestamptz, server text)
language sql stable security definer
set search_path = pg_catalog
as $$
  select s.app, s.user_id, s.device_id, s.position, s.delivery_id, s.attempt, m.message_id,
      y.badge, s.sent_at, s.server
    from dispatch.sent s
    join notifications_v1.deliveries y on y.app = s.app and y.delivery_id = s.delivery_id
    join notifications_v1.messages m on m.app = s.app and m.position = y.position
    where s.expires_at <= now()
      and s.app = (select e.app from dispatch.sent e where e.expires_at <= now() limit 1)
    order by s.expires_at limit in_limit;
$$;

comment on function dispatch.list_unanswered is
  'What streams were handed and what expired without an acknowledgement.';
