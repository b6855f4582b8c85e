create or replace view pushledger.broadcasts as
  select e.app, e.data ->> 'broadcast' as broadcast_id, e.position, e.recorded_at as started_at,
    coalesce(b.recipients, 0) as recipients, coalesce(b.total, 0) as total,
    case when b.broadcast_id is null then 'waiting' when b.finished then 'finished'
      else 'running' end as state
  from ledger.events e
  left join reactions.broadcasts b
    on b.app = e.app and b.broadcast_id = e.data ->> 'broadcast'
  where e.type = 'broadcast.started';

comment on view pushledger.broadcasts is 'Messages to many, and how far they were sent.';
comment on column pushledger.broadcasts.app is 'The app.';
comment on column pushledger.broadcasts.broadcast_id is 'The broadcast.';
comment on column pushledger.broadcasts.position is 'Place of its broadcast.started.';
comment on column pushledger.broadcasts.started_at is 'When it was asked for.';
comment on column pushledger.broadcasts.recipients is 'Users it was sent to so far.';
comment on column pushledger.broadcasts.total is 'Users it was for when it began.';
comment on column pushledger.broadcasts.state is 'waiting, running or finished.';
