create or replace view pushledger.circuits as
  select c.dispatcher, c.provider, c.app, c.credential_id, c.host, c.state, c.failures,
    c.retry_at, c.reason
  from dispatch.circuits c
  where c.valid_until > now();

comment on view pushledger.circuits is
  'Circuits of running dispatchers that are not closed, or had failures of late.';
comment on column pushledger.circuits.dispatcher is 'Whose circuit it is: each has its own.';
comment on column pushledger.circuits.provider is 'The channel.';
comment on column pushledger.circuits.app is
  'Whose credential it stands before; null for a host''s circuit, which all apps share.';
comment on column pushledger.circuits.credential_id is
  'The credential; null for a host''s circuit.';
comment on column pushledger.circuits.host is 'The host; null for a credential''s circuit.';
comment on column pushledger.circuits.state is
  'closed: pushes go; open: none goes; probing: one is on its way to find out.';
comment on column pushledger.circuits.failures is 'Failures in a row; 0 unless it is closed.';
comment on column pushledger.circuits.retry_at is 'When an open one lets a probe through.';
comment on column pushledger.circuits.reason is 'What the last failure said.';
