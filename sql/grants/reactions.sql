-- Who may do what in schema reactions. A reactor follows the ledger: it calls webhooks, sends
-- broadcasts, and appends what time changes.
revoke all on schema reactions from public;

grant usage on schema reactions, notifications_v1 to pushledger_reactor;
grant select, update on reactions.webhooks to pushledger_reactor;
grant select, insert, update on reactions.broadcasts to pushledger_reactor;
grant select on ledger.tencent_webhooks, ledger.tencent_apps to pushledger_reactor;
grant select on notifications_v1.users to pushledger_reactor;
-- The devices without their tokens.
grant select (app, user_id, device_id, platform, activity, logged_out, offline, kicked_at,
    active_at)
  on notifications_v1.devices to pushledger_reactor;

-- What is told of a refused request depends on whether somebody wants to be told.
grant select (sdkappid, commands) on ledger.tencent_webhooks to pushledger_writer;
grant select on pushledger.webhooks, pushledger.broadcasts
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
