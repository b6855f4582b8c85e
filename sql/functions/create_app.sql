-- ledger.create_app: creates an app with the default settings and an empty ledger.
--
-- Result: true; false where the app was there already, and nothing changed.
-- Errors: 23514 the name has other characters than a-z 0-9 - _ . or not 1 to 64 of them.
-- Locks: the new rows only. The chain starts from the app's name, so that the events of one app
--   cannot be passed off as another's.
create or replace function ledger.create_app(new_app text) returns boolean
language plpgsql
set search_path = pg_catalog
as $$
declare
  moment constant timestamptz := clock_timestamp();
begin
  insert into ledger.apps (app, created_at) values (new_app, moment) on conflict (app) do nothing;
  if not found then
    return false;
  end if;
  insert into ledger.heads (app, position, commit_number, chain, recorded_at)
    values (new_app, 0, 0, sha256(convert_to(new_app, 'UTF8')), moment);
  return true;
end
$$;

comment on function ledger.create_app is
  'Creates an app with default settings and an empty ledger; false where it was there already.';
