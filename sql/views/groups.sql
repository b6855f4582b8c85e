create or replace view pushledger.groups as
  select c.app, c.group_id, c.name, c.kind, c.owner, c.sequence as messages,
    (
      select count(*) from notifications_v1.members m
      where m.app = c.app and m.conversation = c.conversation
    ) as members
  from notifications_v1.conversations c
  where c.group_id is not null;

comment on view pushledger.groups is 'The groups as they are now.';
comment on column pushledger.groups.app is 'The app.';
comment on column pushledger.groups.group_id is 'The group.';
comment on column pushledger.groups.name is 'Its name; null where it has none.';
comment on column pushledger.groups.kind is
  'What kind of group it is, in the chat backend''s words; null where it was never said.';
comment on column pushledger.groups.owner is 'Its owner; null where it was never said.';
comment on column pushledger.groups.messages is
  'Messages so far that count as unread for all members.';
comment on column pushledger.groups.members is 'How many members it has.';
