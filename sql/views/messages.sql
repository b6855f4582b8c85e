-- A conversation's stored name is group/<id> or pair/<user>/<user>, with / and % percent-encoded.
create or replace view pushledger.messages as
  select app, message_id, "position", sender,
    case when conversation like 'group/%'
      then replace(replace(split_part(conversation, '/', 2), '%2F', '/'), '%25', '%')
    end as to_group,
    case when conversation like 'pair/%'
      then replace(replace(split_part(conversation, '/',
        case when replace(replace(split_part(conversation, '/', 2), '%2F', '/'), '%25', '%')
          = sender then 3 else 2 end), '%2F', '/'), '%25', '%')
    end as to_user,
    recalled_at is not null as recalled, occurred_at, recorded_at, expires_at, recipients, pushes,
    conversation, sequence, counted_targets, recalled_at
  from notifications_v1.messages;

comment on view pushledger.messages is
  'Every message that was kept, and for how many it was decided. What it said is in events.';
comment on column pushledger.messages.app is 'The app.';
comment on column pushledger.messages.message_id is 'The caller''s id of the message.';
comment on column pushledger.messages.position is 'Place of its message.sent in the ledger.';
comment on column pushledger.messages.sender is 'The user who sent it.';
comment on column pushledger.messages.to_group is 'The group it went to; null for one user.';
comment on column pushledger.messages.to_user is 'The user it went to; null for a group.';
comment on column pushledger.messages.recalled is 'Whether it was recalled.';
comment on column pushledger.messages.occurred_at is 'When it was sent, by the caller''s clock.';
comment on column pushledger.messages.recorded_at is 'When it was committed.';
comment on column pushledger.messages.expires_at is 'After this nobody is pushed for it.';
comment on column pushledger.messages.recipients is 'Users that it was decided for.';
comment on column pushledger.messages.pushes is 'Deliveries that became due by it.';
comment on column pushledger.messages.conversation is
  'group/<id> or pair/<user>/<user>; see conversation_name.';
comment on column pushledger.messages.sequence is
  'Its number among the conversation''s messages that count for all; 0 where it does not.';
comment on column pushledger.messages.counted_targets is
  'For whom it counts where it went to chosen members of a group: their ids; else empty.';
comment on column pushledger.messages.recalled_at is 'The position of its recall; null: none.';
