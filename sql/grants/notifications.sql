-- A projector keeps the projection. What was decided it never takes back.
grant usage on schema notifications_v1 to pushledger_projector;
grant select, insert, update on all tables in schema notifications_v1 to pushledger_projector;
grant delete on notifications_v1.devices, notifications_v1.fallbacks, notifications_v1.members
  to pushledger_projector;
revoke all on function notifications_v1.analyze_young from public;
grant execute on function notifications_v1.analyze_young to pushledger_projector;

-- Reading what the projection shows: the views, and the functions over them. They show all apps,
-- as pushledger.events does: who may be given pushledger_reader may see every app's history.
grant select on pushledger.messages, pushledger.deliveries, pushledger.suppressed_counts,
    pushledger.attempts, pushledger.devices, pushledger.fallbacks, pushledger.unread, pushledger.projection_status,
    pushledger.groups, pushledger.memberships, pushledger.users
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
grant execute on function pushledger.position_at, pushledger.delivery_rate
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
