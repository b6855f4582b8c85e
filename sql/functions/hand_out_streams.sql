-- dispatch.hand_out_streams: lets a process send on its streams of an app what is due: all that
--   waits on those that ask to read, and what became due on those that are live.
--
-- Arguments: after which place to look for what became due (a position and a delivery; null: after
--   what is due by the projection now), and how many rows at most; then the streams that read, as
--   arrays of the same length: user, device, number, after which position; and how many rows of
--   each at most.
-- Result: in order, what is to be sent: the stream's number, and of the message's notification and
--   its time only where the row before is not of the same message. Beside these, rows without a
--   delivery: of each stream that read and is still the device's one, whether it is live now, for
--   nothing more waits; and with number 0 how far was looked, and in is_live whether to the end.
--   While the app, or its provider callback, is paused there is one row alone, with number -1:
--   nothing was looked at.
-- Order: a process makes one such call of an app at a time. What waits and what became due are
--   looked at in the same moment: what is committed later has a place after the look.
-- Locks: the rows of dispatch.streams that it hands to, shared, against who would take them.
-- Rights: its owner's.
create or replace function dispatch.hand_out_streams(
  in_app text, in_server text, after_position bigint, after_delivery uuid, in_limit int,
  read_users text[], read_devices text[], read_numbers bigint[], read_after bigint[],
  read_limit int)
returns table (
  number bigint, is_live boolean, "position" bigint, delivery_id uuid, expires_at timestamptz,
  badge bigint, sound text, locale text, notification json, message_position bigint)
language plpgsql security definer
set search_path = pg_catalog
set enable_seqscan = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  moment constant timestamptz := clock_timestamp();
begin
  if exists (
    select from dispatch.pauses p
      where p.app = in_app and coalesce(p.provider, 'callback') = 'callback')
  then
    return query select -1::bigint, null::boolean, null::bigint, null::uuid, null::timestamptz,
      null::bigint, null::text, null::text, null::json, null::bigint;
    return;
  end if;
  if after_position is null then
    after_position := coalesce((
      select coalesce(c.mended_to, c.position) from ledger.checkpoints c
        where c.app = in_app and c.projection = 'notifications'), 0);
    -- All deliveries of a position are committed together.
    after_delivery := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  end if;

  return query
    with reading as materialized (
      select s.user_id, s.device_id, s.number, a.after
        from unnest(read_users, read_devices, read_numbers, read_after)
          as a (user_id, device_id, number, after)
        join dispatch.streams s on s.app = in_app and s.user_id = a.user_id
          and s.device_id = a.device_id and s.number = a.number and s.server = in_server
        where dispatch.is_told_on_stream(in_app, s.user_id, s.device_id)
        for share of s
    ), waiting as materialized (
      select d.position, d.delivery_id, d.user_id, d.device_id, d.attempts, d.expires_at, r.number
        from reading r
        cross join lateral (
          select d.* from dispatch.due d
            where d.app = in_app and d.provider = 'callback' and d.user_id = r.user_id
              and d.device_id = r.device_id and d.position > r.after and d.expires_at > moment
            order by d.position limit read_limit) d
    ), reached as (
      update dispatch.streams s set live = true
        from (
          select r.user_id, r.device_id from reading r
            left join waiting w on w.user_id = r.user_id and w.device_id = r.device_id
            group by r.user_id, r.device_id having count(w.position) < read_limit) c
        where s.app = in_app and s.user_id = c.user_id and s.device_id = c.device_id
        returning s.number
    ), scanned as materialized (
      select d.position, d.delivery_id, d.user_id, d.device_id, d.attempts, d.expires_at
        from dispatch.due d
        where d.app = in_app and d.provider = 'callback'
          and (d.position, d.delivery_id) > (after_position, after_delivery)
        order by d.position, d.delivery_id limit in_limit
    ), became_due as materialized (
      select d.*, s.number
        from scanned d
        join dispatch.streams s on s.app = in_app and s.user_id = d.user_id
          and s.device_id = d.device_id and s.server = in_server and s.live
        where d.expires_at > moment and dispatch.is_told_on_stream(in_app, s.user_id, s.device_id)
        for share of s
    ), stored as (
      insert into dispatch.sent (app, user_id, device_id, position, delivery_id, attempt, server,
          number, sent_at, expires_at)
        select in_app, f.user_id, f.device_id, f.position, f.delivery_id, f.attempts + 1,
            in_server, f.number, moment, f.expires_at
          from (select * from waiting union all select * from became_due) f
        on conflict do nothing
        returning user_id, device_id, number, position, delivery_id, expires_at
    )
    select w.number, null::boolean, w.position, w.delivery_id, w.expires_at, y.badge, y.sound,
        v.locale, case when w.is_first then m.notification end, y.position
      from (
        select s.*, s.position is distinct from lag(s.position)
            over (order by s.position, s.delivery_id) as is_first
          from stored s) w
      cross join lateral (
        select y.badge, y.sound, y.position from notifications_v1.deliveries y
          where y.app = in_app and y.delivery_id = w.delivery_id limit 1) y
      cross join lateral (
        select m.notification from notifications_v1.messages m
          where m.app = in_app and m.position = y.position limit 1) m
      left join lateral (
        select v.locale from notifications_v1.devices v
          where v.app = in_app and v.user_id = w.user_id and v.device_id = w.device_id limit 1) v
        on true
    union all
    select r.number, l.number is not null, null, null, null, null, null, null, null, null
      from reading r left join reached l on l.number = r.number
    union all
    select 0, n.rows < in_limit, coalesce(l.position, after_position),
        coalesce(l.delivery_id, after_delivery), null, null, null, null, null, null
      from (select count(*) as rows from scanned) n
      left join lateral (
        select s.position, s.delivery_id from scanned s
          order by s.position desc, s.delivery_id desc limit 1) l on true
    order by 3, 4;
end
$$;

comment on function dispatch.hand_out_streams is
  'Hands out what is due to a process''s streams of an app, and says how far it looked.';
