-- dispatch.report: shows what a dispatcher has in memory: pushes in flight, its circuits, and the
-- credentials that it can't use.
--
-- Arguments: for how many seconds it holds; then pushes by app and provider, circuits, and refused
--   credentials, each as arrays of the same length. They replace what the dispatcher reported
--   before. What others reported and is no longer valid goes too: they are gone.
-- Locks: rows of its own. It commits without waiting for the disk: lost, it is reported again.
create or replace function dispatch.report(
  in_dispatcher text, in_valid_seconds float8, sent_apps text[], sent_providers text[],
  sent_pushes int[], circuit_providers text[], circuit_apps text[], circuit_credentials text[],
  circuit_hosts text[], circuit_states text[], circuit_failures int[],
  circuit_retry_at timestamptz[], circuit_reasons text[], refused_apps text[],
  refused_providers text[], refused_credentials text[], refused_reasons text[])
returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  moment constant timestamptz := clock_timestamp();
  valid constant timestamptz := moment + make_interval(secs => in_valid_seconds);
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from dispatch.in_flight f where f.ctid = any (array(
    select g.ctid from dispatch.in_flight g
      where g.dispatcher = in_dispatcher or g.valid_until < moment for update skip locked));
  delete from dispatch.circuits c where c.ctid = any (array(
    select g.ctid from dispatch.circuits g
      where g.dispatcher = in_dispatcher or g.valid_until < moment for update skip locked));
  delete from dispatch.refused_credentials r where r.ctid = any (array(
    select g.ctid from dispatch.refused_credentials g
      where g.dispatcher = in_dispatcher or g.valid_until < moment for update skip locked));
  insert into dispatch.in_flight (dispatcher, app, provider, pushes, valid_until)
    select in_dispatcher, s.app, s.provider, s.pushes, valid
      from unnest(sent_apps, sent_providers, sent_pushes) as s (app, provider, pushes);
  insert into dispatch.circuits (dispatcher, provider, app, credential_id, host, state, failures,
      retry_at, reason, valid_until)
    select in_dispatcher, c.provider, c.app, c.credential_id, c.host, c.state, c.failures,
        c.retry_at, c.reason, valid
      from unnest(circuit_providers, circuit_apps, circuit_credentials, circuit_hosts,
          circuit_states, circuit_failures, circuit_retry_at, circuit_reasons)
        as c (provider, app, credential_id, host, state, failures, retry_at, reason);
  insert into dispatch.refused_credentials (dispatcher, app, provider, credential_id, reason,
      valid_until)
    select in_dispatcher, r.app, r.provider, r.credential_id, r.reason, valid
      from unnest(refused_apps, refused_providers, refused_credentials, refused_reasons)
        as r (app, provider, credential_id, reason);
end
$$;

comment on function dispatch.report is 'Shows what a dispatcher has in memory.';
