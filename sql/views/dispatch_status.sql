create or replace view pushledger.dispatch_status as
  with judged as (
    select k.app, k.provider, k.due, k.backing_off, k.attempted, k.oldest_due_at, (
        select case
            when exists (
              select from dispatch.pauses p
              where p.app = k.app and coalesce(p.provider, k.provider) = k.provider)
              then 'paused'
            when k.provider = 'callback' and k.topic = 'stream' then 'waits_for_device'
            when count(*) = 0 then 'no_credential'
            when count(*) filter (where c.is_named) = 0 then 'no_such_credential'
            when count(*) filter (where c.fits_environment) = 0
              then 'no_credential_for_environment'
            when count(*) filter (where c.fits_environment and c.fits_topic) = 0
              then case when k.topic is null then 'topic_missing'
                else 'no_credential_for_topic' end
          end
        from (
          select coalesce(c.credential_id = k.credential_id, true) as is_named,
            coalesce(c.environment = k.environment, true)
              and coalesce(c.credential_id = k.credential_id, true) as fits_environment,
            case
              when k.topic is null
                then k.provider not in ('apns', 'xiaomi') or cardinality(c.topics) = 1
              else c.topics = '{}' or k.topic = any (c.topics)
            end as fits_topic
          from ledger.provider_credentials c
          where c.app = k.app and c.provider = k.provider) c
      ) as lacks
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
