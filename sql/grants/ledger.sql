-- Who may do what in schemas ledger and pushledger. A process gets the least that it needs:
-- nobody may insert, update or delete in the ledger itself, for ledger.append does it with its
-- owner's rights; secrets of providers are for the dispatcher alone.
revoke all on schema ledger, pushledger, projections from public;
revoke all on all functions in schema ledger, pushledger from public;

grant usage on schema ledger
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor;
grant usage on schema pushledger
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;

-- Every process looks first whether the database fits it.
grant select on ledger.migrations, ledger.installed, ledger.apps, ledger.heads, ledger.commits,
    ledger.events, ledger.checkpoints
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor;

-- The API checks keys, UserSigs and where providers report to, and appends.
grant select on ledger.api_keys, ledger.tencent_apps, ledger.receipt_doors
  to pushledger_writer;
grant execute on function ledger.append, ledger.append_batch, pushledger.append, ledger.erase,
    ledger.erasable
  to pushledger_writer;

-- It signs browsers in to the console, and out.
grant select on ledger.console_sessions to pushledger_writer;
grant select, insert on ledger.audit to pushledger_writer;
grant execute on function ledger.open_session, ledger.close_session to pushledger_writer;

-- It keeps the places of those who follow the events.
grant select, update, delete on ledger.subscriptions to pushledger_writer;
grant execute on function ledger.subscribe to pushledger_writer;

-- A projector moves its checkpoints.
grant insert, update on ledger.checkpoints to pushledger_projector;

-- A dispatcher signs in to providers and appends what came of its attempts. All others see what
-- credentials there are, without the secrets.
grant select on ledger.provider_credentials to pushledger_dispatcher;
grant select (app, provider, credential_id, topics, environment, settings, key_id, created_at)
  on ledger.provider_credentials to pushledger_writer, pushledger_projector;
grant execute on function ledger.append, ledger.append_batch
  to pushledger_dispatcher, pushledger_reactor;

-- Reading: views and the functions over them.
grant select on pushledger.events, pushledger.commits, pushledger.archives
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
grant execute on function pushledger.timeline
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
