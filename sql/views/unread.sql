-- A conversation's stored name is group/<id> or pair/<user>/<user>, with / and % percent-encoded.
create or replace view pushledger.unread as
  select m.app, m.user_id, c.group_id,
    case when c.group_id is null
      then case when c.first_user = m.user_id then c.second_user else c.first_user end
    end as peer,
    pushledger.unread_count(
      c.sequence, m.read_sequence, m.adjustment, m.frozen_at) as unread,
    m.receive, m.read_position, m.conversation
  from notifications_v1.members m
  join notifications_v1.conversations c
    on c.app = m.app and c.conversation = m.conversation;

comment on view pushledger.unread is
  'How much is unread for whom: a row for each user and conversation they have a part in.';
comment on column pushledger.unread.app is 'The app.';
comment on column pushledger.unread.user_id is 'The user whose unread count it is.';
comment on column pushledger.unread.group_id is 'The group; null for the talk of two users.';
comment on column pushledger.unread.peer is 'The other user; null for a group.';
comment on column pushledger.unread.unread is 'Messages that count and are not read.';
comment on column pushledger.unread.receive is
  'What the user wants to hear of it: notify, mentions, silent or reject.';
comment on column pushledger.unread.read_position is
  'The read mark: what is in the ledger up to here is read.';
comment on column pushledger.unread.conversation is
  'group/<id> or pair/<user>/<user>; see conversation_name.';
