-- ledger.open_session: signs a browser in to the console with an API key.
--
-- Arguments: the app and the key; the session's id; SHA-256 of its secret; how long it is good, in
--   seconds; how many sessions the key may have: the oldest beyond that end.
-- Errors: 23503 there is no such key.
-- Rights: runs with its owner's. Who calls it has seen the key itself.
create or replace function ledger.open_session(
  in_app text, in_key text, in_session text, in_secret bytea, in_seconds bigint, in_limit bigint)
returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
  perform from ledger.api_keys k where k.app = in_app and k.key_id = in_key for update;
  delete from ledger.console_sessions s where s.expires_at <= clock_timestamp();
  insert into ledger.console_sessions (
      app, session_id, secret_sha256, key_id, created_at, expires_at)
    select in_app, in_session, in_secret, in_key, t.now, t.now + make_interval(secs => in_seconds)
      from clock_timestamp() as t (now);
  delete from ledger.console_sessions s
    where s.session_id in (
      select o.session_id from ledger.console_sessions o
        where o.app = in_app and o.key_id = in_key
        order by o.created_at desc, o.session_id offset in_limit);
  insert into ledger.audit (app, key_id, action) values (in_app, in_key, 'sign_in');
end
$$;

comment on function ledger.open_session is
  'Signs a browser in to the console with an API key.';
