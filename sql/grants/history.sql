-- Who may read the past: views over events, and the functions that tell how things stood.
grant select on pushledger.tokens, pushledger.conversations, pushledger.suppression_rules
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;
grant execute on function pushledger.conversation_name, pushledger.skipped_events,
    pushledger.void_registrations,
    pushledger.device_at, pushledger.token_end, pushledger.unread_at, pushledger.noisy_tokens,
    pushledger.why_suppressed
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor,
    pushledger_reader;

-- What explains a message reads the events themselves, and where an archive has the pushes before it
-- the badges there.
grant execute on function ledger.snapshot_badge
  to pushledger_writer, pushledger_projector, pushledger_dispatcher, pushledger_reactor;
