-- How much each sender wrote in each minute, and who wrote too much.
create table sender_minutes (
  app text collate "C" not null,
  sender text collate "C" not null,
  minute timestamptz not null,
  messages bigint not null,
  constraint sender_minutes_pk primary key (app, sender, minute)
);

create table bursts (
  app text collate "C" not null,
  sender text collate "C" not null,
  minute timestamptz not null,
  messages bigint not null,
  first_position bigint not null,
  constraint bursts_pk primary key (app, sender, minute)
);

-- A burst is kept with the position of the message that made it one: it is the same however the
-- ledger is cut into batches.
create function fold(events pushledger.event[]) returns void language plpgsql as $$
declare
  tolerated constant int := 10;
  sent record;
  written bigint;
begin
  for sent in
    select e.app, e.data ->> 'from' as sender,
      date_trunc('minute', e.occurred_at at time zone 'UTC') at time zone 'UTC' as minute,
      count(*) as messages, array_agg(e.position order by e.position) as positions
    from unnest(events) as e
    group by 1, 2, 3
  loop
    insert into sender_minutes as known values (sent.app, sent.sender, sent.minute, sent.messages)
      on conflict (app, sender, minute) do update set messages = known.messages + excluded.messages
      returning known.messages into written;
    if written > tolerated then
      insert into bursts as known
        values (sent.app, sent.sender, sent.minute, written,
          sent.positions[greatest(1, tolerated + 1 - (written - sent.messages))])
        on conflict (app, sender, minute) do update set messages = excluded.messages;
    end if;
  end loop;
end
$$;
