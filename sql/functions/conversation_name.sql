-- pushledger.conversation_name: what the views call a conversation: group/<id>, or
-- pair/<user>/<user> with the users in the order of their bytes; / and % within an id are
-- percent-encoded.
--
--   select pushledger.conversation_name('ann', 'bob', null);   pair/ann/bob
--   select pushledger.conversation_name(null, null, 'team');   group/team
--
-- Arguments: a user and their peer, or a group. Result: null where both are missing.
create or replace function pushledger.conversation_name(in_user text, in_peer text, in_group text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select case
    when in_group is not null then
      'group/' || replace(replace(in_group, '%', '%25'), '/', '%2F')
    else
      'pair/'
      || replace(replace(least(in_user collate "C", in_peer collate "C"), '%', '%25'), '/', '%2F')
      || '/'
      || replace(replace(greatest(in_user collate "C", in_peer collate "C"), '%', '%25'),
        '/', '%2F')
  end
  where in_group is not null or (in_user is not null and in_peer is not null);
$$;

comment on function pushledger.conversation_name is
  'What the views call a conversation: that of two users, or of a group.';
