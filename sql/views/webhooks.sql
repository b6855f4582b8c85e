create or replace view pushledger.webhooks as
  select w.sdkappid, w.app, w.position, greatest(0, h.position - w.position) as behind, w.calls,
    w.failures, case when w.failures > 0 then w.failing_since end as failing_since, w.retry_at,
    w.reason, coalesce(w.leased_until > now(), false) as is_held
  from reactions.webhooks w
  join ledger.heads h on h.app = w.app;

comment on view pushledger.webhooks is 'How far each webhook was told its app''s ledger.';
comment on column pushledger.webhooks.sdkappid is 'The SDKAppID.';
comment on column pushledger.webhooks.app is 'The app.';
comment on column pushledger.webhooks.position is
  'Place in the ledger up to which everything was told.';
comment on column pushledger.webhooks.behind is 'Events after that.';
comment on column pushledger.webhooks.calls is 'Calls that were answered, since it was set.';
comment on column pushledger.webhooks.failures is
  'How often the next call failed in a row; 0 where the last one was answered.';
comment on column pushledger.webhooks.failing_since is 'When the first of these failed.';
comment on column pushledger.webhooks.retry_at is 'When it is tried again; null: at once.';
comment on column pushledger.webhooks.reason is 'Why it failed last; null where it did not.';
comment on column pushledger.webhooks.is_held is 'Whether a reactor is at it.';
