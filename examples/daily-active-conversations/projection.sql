-- A row for each conversation and day (UTC) on which somebody wrote in it.
create table conversation_days (
  app text collate "C" not null,
  day date not null,
  conversation text collate "C" not null,
  messages bigint not null,
  last_position bigint not null,
  constraint conversation_days_pk primary key (app, day, conversation)
);

create view daily_active as
  select app, day, count(*) as conversations, sum(messages)::bigint as messages,
    max(messages) as messages_of_busiest
  from conversation_days
  group by app, day;

-- A batch may hold several messages of one conversation: they are summed first, for a statement can
-- change a row only once.
create function fold(events pushledger.event[]) returns void language sql as $$
  insert into conversation_days as known (app, day, conversation, messages, last_position)
    select e.app, (e.occurred_at at time zone 'UTC')::date,
      coalesce('group/' || (e.data #>> '{conversation,group}'),
        'pair/' || least(e.data ->> 'from', e.data #>> '{conversation,user}') || '/'
          || greatest(e.data ->> 'from', e.data #>> '{conversation,user}')),
      count(*), max(e.position)
    from unnest(events) as e
    group by 1, 2, 3
    on conflict (app, day, conversation) do update
      set messages = known.messages + excluded.messages,
        last_position = excluded.last_position
$$;
