-- pushledger.unread_count: a member's unread count, a difference of two numbers, adjusted.
--
-- Arguments: the conversation's sequence, and of the member the sequence at the read mark, the
--   adjustment, and the sequence at which the count stands still, or null. See docs/decisions.md 1.4.
create or replace function pushledger.unread_count(
  sequence bigint, read_sequence bigint, adjustment bigint, frozen_at bigint)
returns bigint
language sql immutable parallel safe
return greatest(0, coalesce(frozen_at, sequence) - read_sequence + adjustment);

comment on function pushledger.unread_count is
  'A member''s unread count: a difference of two numbers, adjusted.';
