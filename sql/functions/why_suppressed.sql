-- pushledger.why_suppressed: why nobody was pushed: the suppressed decisions of a time, by reason.
--
--   select * from pushledger.why_suppressed('demo', now() - interval '1 day', now());
--   select * from pushledger.why_suppressed('demo', '-infinity', 'infinity', in_message => '42');
--
-- Arguments: the app; from inclusive, to exclusive, the time of commit; and at most one of: a user,
--   a conversation as the views call it, a message.
-- Result: the most frequent reason first. Of a message to more recipients than the app's
--   suppressed_rows_limit it is only kept how many had which reason: it counts for the app, its
--   conversation and itself, not for a user. What was for those online only is not kept at all.
-- Errors: 22023 more than one of user, conversation and message is given.
create or replace function pushledger.why_suppressed(
  in_app text, in_from timestamptz, in_to timestamptz, in_user text default null,
  in_conversation text default null, in_message text default null)
returns table (reason text, decisions bigint, messages bigint, rule text, sentence text)
language plpgsql stable
set search_path = pg_catalog
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  after_position bigint := pushledger.position_at(in_app, in_from - interval '1 microsecond');
  last_position bigint := pushledger.position_at(in_app, in_to - interval '1 microsecond');
begin
  if num_nonnulls(in_user, in_conversation, in_message) > 1 then
    raise exception 'name a user, a conversation or a message: one of them'
      using errcode = '22023';
  elsif in_message is not null then
    select greatest(after_position, m.position - 1), least(last_position, m.position)
      into after_position, last_position
      from pushledger.messages m where m.app = in_app and m.message_id = in_message;
  end if;
  if in_user is not null then
    return query
      select d.reason, count(*), count(distinct d.position), r.rule, r.sentence
        from pushledger.deliveries d
        left join pushledger.suppression_rules r on r.reason = d.reason
        where d.app = in_app and d.user_id = in_user and d.status = 'suppressed'
          and d.position > after_position and d.position <= last_position
        group by d.reason, r.rule, r.sentence
        order by 2 desc, 1;
  elsif in_conversation is not null then
    return query
      with kept as materialized (
        select m.position from pushledger.messages m
          where m.app = in_app and m.conversation = in_conversation
            and m.position > after_position and m.position <= last_position
      ), found as (
        select d.reason, 1 as decisions, d.position from kept k
          join pushledger.deliveries d on d.app = in_app and d.position = k.position
          where d.status = 'suppressed'
        union all
        select s.reason, s.count, s.position from kept k
          join pushledger.suppressed_counts s on s.app = in_app and s.position = k.position
      )
      select f.reason, sum(f.decisions), count(distinct f.position), r.rule, r.sentence
        from found f
        left join pushledger.suppression_rules r on r.reason = f.reason
        group by f.reason, r.rule, r.sentence
        order by 2 desc, 1;
  else
    return query
      with found as (
        select d.reason, 1 as decisions, d.position from pushledger.deliveries d
          where d.app = in_app and d.status = 'suppressed'
            and d.position > after_position and d.position <= last_position
        union all
        select s.reason, s.count, s.position from pushledger.suppressed_counts s
          where s.app = in_app and s.position > after_position and s.position <= last_position
      )
      select f.reason, sum(f.decisions), count(distinct f.position), r.rule, r.sentence
        from found f
        left join pushledger.suppression_rules r on r.reason = f.reason
        group by f.reason, r.rule, r.sentence
        order by 2 desc, 1;
  end if;
end
$$;

comment on function pushledger.why_suppressed is
  'Why nobody was pushed: suppressed decisions of an app, user, conversation or message by reason.';
