create or replace view pushledger.refused_credentials as
  select r.dispatcher, r.app, r.provider, r.credential_id, r.reason
  from dispatch.refused_credentials r
  where r.valid_until > now();

comment on view pushledger.refused_credentials is
  'Credentials that running dispatchers can''t use. What needs one of them waits.';
comment on column pushledger.refused_credentials.dispatcher is
  'Who can''t: another may have the key that opens it.';
comment on column pushledger.refused_credentials.app is 'Whose credential it is.';
comment on column pushledger.refused_credentials.provider is 'The channel.';
comment on column pushledger.refused_credentials.credential_id is 'The credential.';
comment on column pushledger.refused_credentials.reason is
  'What is wrong with it; holds nothing of its secret.';
