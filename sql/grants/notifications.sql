-- A projector keeps the projection. What was decided it never takes back.
grant usage on schema notifications_v1 to pushledger_projector;
grant select, insert, update on all tables in schema notifications_v1 to pushledger_projector;
grant delete on notifications_v1.devices, notifications_v1.fallbacks, notifications_v1.members
  to pushledger_projector;
grant execute on function ledger.analyze_young, ledger.begin_rebuild, ledger.index_rebuild,
    ledger.complete_rebuild, ledger.swap_rebuild, ledger.drop_rebuild, ledger.drop_served,
    ledger.fold_projection, ledger.swap_projection
  to pushledger_projector;
grant select on ledger.projections, ledger.rebuilds to pushledger_projector, pushledger_writer,
    pushledger_dispatcher, pushledger_reactor;
grant update on ledger.projections, ledger.rebuilds to pushledger_projector;

-- Reading what the projection shows: the views, and the functions over them. They show all apps,
-- as pushledger.events does: who may be given pushledger_reader may see every app's history.
grant select on pushledger.messages, pushledger.deliveries, pushledger.suppressed_counts,
    pushledger.attempts, pushledger.devices, pushledger.fallbacks, pushledger.unread,
    pushledger.hourly_messages, pushledger.hourly_deliveries, pushledger.hourly_attempts,
    pushledger.hourly_latencies, pushledger.projection_status, pushledger.checkpoints,
    pushledger.groups, pushledger.memberships, pushledger.standings, pushledger.users
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
grant execute on function pushledger.position_at, pushledger.hour_of, pushledger.check_steps,
    pushledger.unread_count, pushledger.status_rank, pushledger.latency_bounds,
    pushledger.latency_bucket,
    pushledger.delivery_rate, pushledger.latency, pushledger.funnel
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
