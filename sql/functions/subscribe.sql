-- ledger.subscribe: creates a subscription of an app's events.
--
-- Arguments: the app; the name; the types of events, null for all; the position after which it begins,
--   null for the ledger's end; how many an app may have.
-- Result: created; known where it is there as wanted; differs where it is there otherwise; beyond_head
--   where the ledger does not reach that far; archived where messages after that position are in an
--   archive and not here; full where the app has as many as it may.
-- Locks: the app's subscriptions, against others that are created.
create or replace function ledger.subscribe(in_app text, in_name text, in_types text[],
  in_after bigint, in_most int) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  known ledger.subscriptions;
  head bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('ledger.subscriptions/' || in_app, 0));
  select * into known from ledger.subscriptions s where s.app = in_app and s.name = in_name;
  if found then
    return case when known.types is not distinct from in_types
        and (in_after is null or known.started_after = in_after)
      then 'known' else 'differs' end;
  end if;
  if (select count(*) from ledger.subscriptions s where s.app = in_app) >= in_most then
    return 'full';
  end if;
  -- Nobody begins to detach meanwhile.
  select h.position into head from ledger.heads h where h.app = in_app for share;
  if in_after > head then
    return 'beyond_head';
  end if;
  if exists (select from ledger.archives a where a.app = in_app and a.position > in_after) then
    return 'archived';
  end if;
  insert into ledger.subscriptions (
      app, name, types, started_after, position, handed_out, epoch, created_at, updated_at)
    values (in_app, in_name, in_types, coalesce(in_after, head), coalesce(in_after, head),
      coalesce(in_after, head), (extract(epoch from clock_timestamp()) * 1000)::bigint,
      clock_timestamp(), clock_timestamp());
  return 'created';
end
$$;

comment on function ledger.subscribe is 'Creates a subscription of an app''s events.';
