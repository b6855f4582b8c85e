-- pushledger.status_rank: which status of a delivery stays where two would come to be: that of the
-- higher rank, so that the order in which a call-off and a late answer are folded does not matter.
create or replace function pushledger.status_rank(status text) returns integer
language sql immutable parallel safe
return case status
  when 'accepted' then 3
  when 'expired' then 2 when 'rejected' then 2 when 'token_invalid' then 2
  when 'cancelled' then 1
  else 0
end;

comment on function pushledger.status_rank is
  'A delivery only ever moves to a status of a higher rank.';
