-- pushledger.timeline: what happened to one message, in order: sent, each attempt to push it,
-- receipts, its recall. The rest of an explanation stands in pushledger.deliveries.
--
-- A receipt names a delivery only: whose it is is looked up.
--
-- Arguments: the app and the message's id. Result: no row where the ledger has no such message.
create or replace function pushledger.timeline(in_app text, message_id text)
returns table (
  "position" bigint, occurred_at timestamptz, recorded_at timestamptz, type text, "user" text,
  device text, attempt int, outcome text, reason text, data jsonb, content json)
language sql stable
set search_path = pg_catalog
as $$
  select e.position, e.occurred_at, e.recorded_at, e.type,
    coalesce(e.data ->> 'user', d.user_id), coalesce(e.data ->> 'device', d.device_id),
    (e.data ->> 'attempt')::int, e.data ->> 'outcome', e.data ->> 'reason', e.data, e.content
  from pushledger.events as e
  left join pushledger.deliveries as d
    on e.type in ('push.delivered', 'push.opened', 'push.not_shown')
    and d.app = e.app and d.delivery_id = (e.data ->> 'delivery_id')::uuid
  where e.app = in_app
    and e.stream = 'message/' || replace(replace(timeline.message_id, '%', '%25'), '/', '%2F')
  order by e.position;
$$;

comment on function pushledger.timeline is
  'The events of one message in ledger order: sent, attempts, receipts, recall.';
