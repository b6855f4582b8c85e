-- pushledger.read_mark: the position up to which a conversation.read says that all is read.
--
-- Arguments: the app; of the event, its position, up_to and up_to_position, of which the former
--   counts where both are given.
-- Result: never beyond the event itself; null where up_to names no message that was known there.
create or replace function pushledger.read_mark(
  in_app text, in_position bigint, in_up_to text, in_up_to_position bigint)
returns bigint
language sql stable
set search_path = pg_catalog
as $$
  select case when in_up_to is null then least(in_up_to_position, in_position)
    else (
      select m.position from pushledger.messages m
      where m.app = in_app and m.message_id = in_up_to and m.position < in_position)
  end;
$$;

comment on function pushledger.read_mark is
  'The position up to which a conversation.read says that all is read; null: none known.';
