create or replace view pushledger.in_flight as
  select f.app, f.provider, f.dispatcher, f.pushes
  from dispatch.in_flight f
  where f.valid_until > now();

comment on view pushledger.in_flight is
  'Pushes on their way to a provider, as the dispatchers reported within seconds.';
comment on column pushledger.in_flight.app is 'The app.';
comment on column pushledger.in_flight.provider is 'The channel.';
comment on column pushledger.in_flight.dispatcher is 'Who sends them.';
comment on column pushledger.in_flight.pushes is 'How many.';
