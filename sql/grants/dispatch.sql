-- Who may do what in schema dispatch. The projector says what is due; the dispatcher does the rest,
-- and reads of the projection what it needs to write a push, the device tokens among it. The API
-- serves streams through functions alone.
revoke all on schema dispatch from public;
revoke all on all functions in schema dispatch from public;

grant usage on schema dispatch to pushledger_projector, pushledger_dispatcher;
grant select, insert, delete on dispatch.due to pushledger_projector;
grant execute on function dispatch.mend_due, dispatch.mend_due_further to pushledger_projector;

grant select, update, delete on dispatch.due to pushledger_dispatcher;
grant select, insert, update, delete
  on dispatch.lanes, dispatch.handed_out, dispatch.dispatchers, dispatch.in_flight,
    dispatch.circuits, dispatch.refused_credentials
  to pushledger_dispatcher;
grant select on dispatch.sent, dispatch.pauses to pushledger_dispatcher;
grant execute on all functions in schema dispatch to pushledger_dispatcher;
revoke execute on function dispatch.mend_due, dispatch.mend_due_further
  from pushledger_dispatcher;
grant usage on schema dispatch to pushledger_writer;
grant execute on function dispatch.open_stream, dispatch.hand_out_streams, dispatch.close_streams,
    dispatch.list_sent, dispatch.list_unanswered, dispatch.record_sent
  to pushledger_writer;
-- The console pauses, and lets go on.
grant select, insert, delete on dispatch.pauses to pushledger_writer;
grant usage on schema notifications_v1 to pushledger_dispatcher;
grant select on notifications_v1.deliveries, notifications_v1.messages, notifications_v1.devices,
  notifications_v1.fallbacks
  to pushledger_dispatcher;

grant execute on function dispatch.due_now to pushledger_writer;
-- A view asks it for whoever reads that.
grant execute on function dispatch.route_lacks
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
grant select on pushledger.dispatch_status, pushledger.due_routes, pushledger.in_flight,
    pushledger.circuits, pushledger.refused_credentials, pushledger.pauses
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
