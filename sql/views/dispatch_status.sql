create or replace view pushledger.dispatch_status as
  with judged as (
    select k.app, k.provider, k.due, k.backing_off, k.attempted, k.oldest_due_at,
      dispatch.route_lacks(k.app, k.provider, k.topic, k.environment, k.credential_id)
        collate "default" as lacks
    from pushledger.due_routes k
  )
  select j.app, j.provider, j.lacks, sum(j.due)::bigint as due,
    sum(j.backing_off)::bigint as backing_off, sum(j.attempted)::bigint as attempted,
    min(j.oldest_due_at) as oldest_due_at,
    (
      select count(*) from dispatch.lanes l where l.app = j.app and l.leased_until > now()
    ) as lanes_held,
    (
      select count(distinct l.dispatcher) from dispatch.lanes l
      where l.app = j.app and l.leased_until > now()
    ) as dispatchers,
    case when j.lacks is null or j.lacks = 'paused' then (
      select coalesce(sum(f.pushes), 0) from pushledger.in_flight f
      where f.app = j.app and f.provider = j.provider
    ) else 0 end::bigint as in_flight
  from judged j
  group by j.app, j.provider, j.lacks;

comment on view pushledger.dispatch_status is
  'What is due to be pushed and what it lacks. An app with nothing due has no row.';
comment on column pushledger.dispatch_status.app is 'The app.';
comment on column pushledger.dispatch_status.provider is 'The channel.';
comment on column pushledger.dispatch_status.lacks is
  'Why nothing of it can be sent: paused, no_credential, no_such_credential, '
  'no_credential_for_environment, no_credential_for_topic or topic_missing; waits_for_device: the '
  'devices come for it on a stream; null where there is a credential for it.';
comment on column pushledger.dispatch_status.due is 'Deliveries that must still be attempted.';
comment on column pushledger.dispatch_status.backing_off is
  'Of these, those that wait for the time of their next try.';
comment on column pushledger.dispatch_status.attempted is
  'Of these, those that were tried at least once.';
comment on column pushledger.dispatch_status.oldest_due_at is
  'Since when the first of them could be sent.';
comment on column pushledger.dispatch_status.lanes_held is
  'Lanes of the app that a dispatcher holds.';
comment on column pushledger.dispatch_status.dispatchers is 'Dispatchers that hold them.';
comment on column pushledger.dispatch_status.in_flight is
  'Of these, those on their way to the provider, as the dispatchers reported within seconds.';
