-- pushledger.sequence_at: the number of the last message at or before a position that counts for
-- all members of its conversation. They are numbered from 1 without a gap.
--
-- Arguments: the app, the conversation as the views call it, the position.
-- Result: null before the first.
create or replace function pushledger.sequence_at(
  in_app text, in_conversation text, in_position bigint)
returns bigint
language sql stable
set search_path = pg_catalog
as $$
  select m.sequence from pushledger.messages m
  where m.app = in_app and m.conversation = in_conversation and m.position <= in_position
    and m.sequence > 0
  order by m.position desc limit 1;
$$;

comment on function pushledger.sequence_at is
  'How many messages that count for all a conversation had at a position; null: none.';
