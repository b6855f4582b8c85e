create or replace view pushledger.memberships as
  select c.app, c.group_id, c.kind, m.user_id, m.receive, m.name_card,
    pushledger.unread_count(
      c.sequence, m.read_sequence, m.adjustment, m.frozen_at) as unread
  from notifications_v1.conversations c
  join notifications_v1.members m on m.app = c.app and m.conversation = c.conversation
  where c.group_id is not null;

comment on view pushledger.memberships is 'Who is in which group, and what they want to hear of it.';
comment on column pushledger.memberships.app is 'The app.';
comment on column pushledger.memberships.group_id is 'The group.';
comment on column pushledger.memberships.kind is
  'What kind of group it is, in the chat backend''s words.';
comment on column pushledger.memberships.user_id is 'The member.';
comment on column pushledger.memberships.receive is 'notify, mentions, silent or reject.';
comment on column pushledger.memberships.name_card is 'The member''s name in the group.';
comment on column pushledger.memberships.unread is 'Messages that count and are not read.';
