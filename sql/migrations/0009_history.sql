-- What reading the past needs beside the present: who registered tokens and logged in, what a user
-- sent, the messages that do not count for all alike, what was suppressed for a user, and attempts by
-- the provider's id.
--
-- Measured on a ledger of 10 million events, in which the times below are for one user or message:
--
--   index              an entry for                     costs  size     without it
--   events_devices     a registration, a login                   7 MB   tokens reads all events
--   messages_sender    a message                        9 us   116 MB   sent_by_user reads all
--   messages_uneven    a recalled message, or one to             0.3 MB unread_at reads all unread
--                      chosen members
--   deliveries_        a suppressed delivery            5 us   258 MB   why_suppressed 140 ms, not 1,
--     suppressed                                                        of who has 134,000 deliveries
--   attempts_provider  an attempt that has such an id   5 us   141 MB   message_of_push 35 ms a day

create index events_devices on ledger.events (app, (data ->> 'user'), type, position)
  where type in ('device.registered', 'device.logged_in');

create index messages_sender on notifications_v1.messages (app, sender, position);
create index messages_uneven on notifications_v1.messages (app, conversation, position)
  where recalled_at is not null or counted_targets <> '[]';
create index deliveries_suppressed on notifications_v1.deliveries (app, user_id, position)
  include (reason) where status = 'suppressed';
create index attempts_provider on notifications_v1.attempts (app, provider_message_id)
  where provider_message_id is not null;
