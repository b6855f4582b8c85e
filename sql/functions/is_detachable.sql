-- ledger.is_detachable: whether events of a type may be detached once they are archived: messages,
-- and what became of them. All others say how things are, which goes on to matter.
create or replace function ledger.is_detachable(in_type text) returns boolean
language sql immutable
set search_path = pg_catalog
as $$
  select in_type in ('message.sent', 'message.refused', 'push.attempted', 'push.delivered',
    'push.opened', 'push.not_shown', 'push.cancelled', 'push.retried')
$$;

comment on function ledger.is_detachable is
  'Whether events of a type may be detached once they are archived.';
