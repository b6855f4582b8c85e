create or replace view pushledger.pauses as
  select p.app, p.provider, p.paused_at, p.key_id, p.reason
  from dispatch.pauses p;

comment on view pushledger.pauses is
  'What is paused: nothing of it is pushed until it is resumed; what is in flight is finished.';
comment on column pushledger.pauses.app is 'The app.';
comment on column pushledger.pauses.provider is 'The channel; null: all of the app.';
comment on column pushledger.pauses.paused_at is 'Since when.';
comment on column pushledger.pauses.key_id is
  'The API key under which it was ordered in the console; null: by the command.';
comment on column pushledger.pauses.reason is 'Why, in the words of who ordered it.';
