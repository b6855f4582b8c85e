create or replace view pushledger.due_routes as
  -- A device is looked up once, however much is due for it.
  with of_devices as (
    select d.app, d.provider, d.user_id, d.device_id, count(*) as due,
      count(*) filter (where d.due_at > now()) as backing_off,
      count(*) filter (where d.attempts > 0) as attempted, min(d.due_at) as oldest_due_at
    from dispatch.due d
    group by d.app, d.provider, d.user_id, d.device_id
  )
  select d.app, d.provider, v.topic, v.environment, v.credential_id,
    sum(d.due)::bigint as due, sum(d.backing_off)::bigint as backing_off,
    sum(d.attempted)::bigint as attempted, min(d.oldest_due_at) as oldest_due_at
  from of_devices d
  left join lateral (
    select v.topic, v.environment, v.credential_id from notifications_v1.devices v
    where v.app = d.app and v.user_id = d.user_id and v.device_id = d.device_id
      and v.provider = d.provider
    union all
    select f.topic, f.environment, f.credential_id from notifications_v1.fallbacks f
    where f.app = d.app and f.user_id = d.user_id and f.device_id = d.device_id
      and f.provider = d.provider
    limit 1) v on true
  group by d.app, d.provider, v.topic, v.environment, v.credential_id;

comment on view pushledger.due_routes is
  'What is due to be pushed, by what chooses the credential that it is sent with.';
comment on column pushledger.due_routes.app is 'The app.';
comment on column pushledger.due_routes.provider is 'The channel.';
comment on column pushledger.due_routes.topic is
  'The topic of the devices'' ways by that provider, such as a bundle id.';
comment on column pushledger.due_routes.environment is 'production or sandbox.';
comment on column pushledger.due_routes.credential_id is
  'The credential that the tokens belong to; null: any that fits.';
comment on column pushledger.due_routes.due is 'Deliveries that must still be attempted.';
comment on column pushledger.due_routes.backing_off is
  'Of these, those that wait for the time of their next try.';
comment on column pushledger.due_routes.attempted is
  'Of these, those that were tried at least once.';
comment on column pushledger.due_routes.oldest_due_at is
  'Since when the first of them could be sent.';
