create or replace view pushledger.events as
  select app, position, event_id, type, schema, stream, occurred_at, recorded_at, data, content
  from ledger.events;

comment on view pushledger.events is
  'Every event of every app, in the order of its app''s ledger.';
comment on column pushledger.events.app is 'The app whose ledger it is in.';
comment on column pushledger.events.position is
  'Its place there: 1, 2, 3 and so on without a gap.';
comment on column pushledger.events.event_id is 'Its id, the caller''s: stored once in an app.';
comment on column pushledger.events.type is 'What happened, such as message.sent.';
comment on column pushledger.events.schema is 'Version of the form of data, from 1.';
comment on column pushledger.events.stream is
  'Whose history it belongs to, such as message/42.';
comment on column pushledger.events.occurred_at is 'When it happened, by the caller''s clock.';
comment on column pushledger.events.recorded_at is
  'When it was committed; never goes back within an app.';
comment on column pushledger.events.data is 'The facts that decisions need. No personal text.';
comment on column pushledger.events.content is
  'What a person wrote or can be known by; null where there is none, or where it was erased.';
