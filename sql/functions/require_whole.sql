-- ledger.require_whole: makes sure that no app's messages are detached, before a projection that was
-- added is made anew: it would lack what it made of them.
--
-- Argument: the projection's name. Errors: LG030.
create or replace function ledger.require_whole(in_projection text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  archive ledger.archives;
begin
  select * into archive from ledger.archives a order by a.app limit 1;
  if found then
    raise exception 'messages of app % up to position % are detached: made anew, projection % would '
      'lack them', archive.app, archive.position, in_projection
      using errcode = 'LG030',
        hint = 'Put them back with pushledger restore, or remove the projection and add it again.';
  end if;
end
$$;

comment on function ledger.require_whole is
  'Makes sure that no app''s messages are detached before a projection is made anew. LG030.';
