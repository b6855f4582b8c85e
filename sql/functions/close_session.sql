-- ledger.close_session: signs a browser out of the console.
--
-- Argument: the session's id. Result: false where there is none.
-- Rights: runs with its owner's. Who calls it has seen the session's secret.
create or replace function ledger.close_session(in_session text) returns boolean
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  closed ledger.console_sessions;
begin
  delete from ledger.console_sessions s where s.session_id = in_session returning s.* into closed;
  if closed.session_id is null then
    return false;
  end if;
  insert into ledger.audit (app, key_id, action) values (closed.app, closed.key_id, 'sign_out');
  return true;
end
$$;

comment on function ledger.close_session is 'Signs a browser out of the console.';
