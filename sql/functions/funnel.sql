-- pushledger.funnel: how many messages, decisions and pushes got how far.
--
--   select * from pushledger.funnel('demo', now() - interval '1 day', now());
--
-- Arguments: the app; from inclusive, to exclusive, taken to whole hours; a provider, or null: all.
-- Result: seven rows in order: sent (messages), decided (a recipient's device, or a recipient),
--   due (to be pushed), attempted, accepted, delivered, opened; each with its share of the row
--   before, null for the first two, which count different things, and where that row is 0. With a
--   provider there are the last five, for nothing is suppressed for a provider's sake. Delivered and
--   opened are what was reported: where nobody reports, they stay 0.
create or replace function pushledger.funnel(
  in_app text, in_from timestamptz, in_to timestamptz, in_provider text default null)
returns table (place int, stage text, number bigint, share_of_previous numeric)
language sql stable
set search_path = pg_catalog
as $$
  with counted as (
    select coalesce(sum(h.deliveries), 0) as decided,
      coalesce(sum(h.deliveries) filter (where h.status <> 'suppressed'), 0) as due,
      coalesce(sum(h.attempted), 0) as attempted,
      coalesce(sum(h.deliveries) filter (where h.status = 'accepted'), 0) as accepted,
      coalesce(sum(h.delivered), 0) as delivered, coalesce(sum(h.opened), 0) as opened
    from pushledger.hourly_deliveries h
    where h.app = in_app and h.hour >= pushledger.hour_of(in_from) and h.hour < in_to
      and (in_provider is null or h.provider = in_provider)
  ), stages as (
    select 1 as place, 'sent' as stage, (
        select coalesce(sum(m.messages), 0) from pushledger.hourly_messages m
        where m.app = in_app and m.hour >= pushledger.hour_of(in_from) and m.hour < in_to
      ) as number
    where in_provider is null
    union all
    select 2, 'decided', c.decided from counted c where in_provider is null
    union all
    select v.place, v.stage, v.number from counted c
    cross join lateral (values (3, 'due', c.due), (4, 'attempted', c.attempted),
      (5, 'accepted', c.accepted), (6, 'delivered', c.delivered), (7, 'opened', c.opened))
      as v (place, stage, number)
  )
  select s.place, s.stage, s.number::bigint,
    case when s.place > 2
      then round(s.number / nullif(lag(s.number) over (order by s.place), 0), 4) end
  from stages s
  order by s.place;
$$;

comment on function pushledger.funnel is
  'How many messages, decisions and pushes got how far: sent, decided, due, …, opened.';
