create or replace view pushledger.conversations as
  select c.app, c.conversation, c.group_id, c.first_user, c.second_user, c.name, c.kind, c.owner,
    c.sequence as messages,
    (
      select count(*) from notifications_v1.members m
      where m.app = c.app and m.conversation = c.conversation
    ) as members, l.message_id as last_message_id, l."position" as last_position,
    l.recorded_at as last_message_at
  from notifications_v1.conversations c
  left join lateral (
    select m.message_id, m."position", m.recorded_at from notifications_v1.messages m
    where m.app = c.app and m.conversation = c.conversation
    order by m."position" desc limit 1) l on true;

comment on view pushledger.conversations is
  'The talks of two users and of groups, and when each was last heard of.';
comment on column pushledger.conversations.app is 'The app.';
comment on column pushledger.conversations.conversation is
  'group/<id> or pair/<user>/<user>; see conversation_name.';
comment on column pushledger.conversations.group_id is 'The group; null for two users.';
comment on column pushledger.conversations.first_user is
  'Of two users the first in the order of their bytes; null for a group.';
comment on column pushledger.conversations.second_user is 'The other one; null for a group.';
comment on column pushledger.conversations.name is 'The group''s name; null where it has none.';
comment on column pushledger.conversations.kind is 'The group''s kind, in the backend''s words.';
comment on column pushledger.conversations.owner is 'The group''s owner.';
comment on column pushledger.conversations.messages is 'Messages so far that count for all.';
comment on column pushledger.conversations.members is
  'Who is in the group now; of two users, who has a part in it.';
comment on column pushledger.conversations.last_message_id is 'The last message that was kept.';
comment on column pushledger.conversations.last_position is 'Its place in the ledger.';
comment on column pushledger.conversations.last_message_at is 'When it was committed.';
