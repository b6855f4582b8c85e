-- The roles of PushLedger's processes, created where they are missing. They cannot log in: grant
-- them to the users that do. They belong to processes, not to apps: which app a request may see
-- is decided by its key.
do $$
declare
  wanted text;
begin
  foreach wanted in array array[
    'pushledger_writer', 'pushledger_projector', 'pushledger_dispatcher', 'pushledger_reactor',
    'pushledger_reader']
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception
        when duplicate_object or unique_violation then
          null; -- Another database of this server was migrated at the same moment.
      end;
    end if;
  end loop;
end
$$;
