create or replace view pushledger.standings as
  select s.app, s.user_id, s.conversation, s.position, s.receive, s.read_position, s.read_sequence,
    s.adjustment, s.frozen_at
  from notifications_v1.standings s;

comment on view pushledger.standings is
  'How users stood in conversations after each event that moved them: what unread_at counts from.';
comment on column pushledger.standings.app is 'The app.';
comment on column pushledger.standings.user_id is 'The user.';
comment on column pushledger.standings.conversation is
  'group/<id> or pair/<user>/<user>; see conversation_name.';
comment on column pushledger.standings.position is
  'The event: they came, left, read, set a count or an option; or the first message of a pair.';
comment on column pushledger.standings.receive is
  'What the user wanted to hear of it; null, as all that follows, where they left.';
comment on column pushledger.standings.read_position is
  'The read mark: what is in the ledger up to here was read.';
comment on column pushledger.standings.read_sequence is
  'The conversation''s sequence at the read mark.';
comment on column pushledger.standings.adjustment is
  'What own, recalled, rejected and targeted messages after the mark add; see unread_count.';
comment on column pushledger.standings.frozen_at is
  'While all was rejected: the sequence at which the count stood still.';
