-- pushledger.noisy_tokens: the devices whose pushes failed, or whose tokens came and went, most
-- often in a time.
--
--   select * from pushledger.noisy_tokens('demo', now() - interval '1 day', now());
--
-- Arguments: the app; from inclusive, to exclusive, the time of commit; how many devices at most,
--   1 to 1,000. It reads the events of that time: some 2 s for a day of a million pushes.
-- Result: the noisiest first. noise is the sum of what follows it: registrations beyond the first,
--   tokens that the provider called invalid, attempts that were refused, to be retried, or unknown,
--   pushes that the phone did not show.
-- Errors: 22023 the limit is out of its range.
create or replace function pushledger.noisy_tokens(
  in_app text, in_from timestamptz, in_to timestamptz, in_limit int default 20)
returns table (
  user_id text, device_id text, noise bigint, registrations bigint, tokens bigint,
  invalidated bigint, refused bigint, retried bigint, unknown bigint, not_shown bigint,
  last_reason text)
language plpgsql stable
set search_path = pg_catalog
set jit = off
as $$
#variable_conflict use_column
declare
  after_position constant bigint :=
    pushledger.position_at(in_app, in_from - interval '1 microsecond');
  last_position constant bigint :=
    pushledger.position_at(in_app, in_to - interval '1 microsecond');
begin
  if in_limit is null or in_limit not between 1 and 1000 then
    raise exception 'the limit must be 1 to 1,000' using errcode = '22023';
  end if;
  return query
    with found as (
      select e.position, e.data ->> 'user' as user_id, e.data ->> 'device' as device_id,
          e.type, e.data ->> 'outcome' as outcome, e.data ->> 'reason' as reason,
          e.data ->> 'token_sha256' as token
        from pushledger.events e
        where e.app = in_app and e.position > after_position and e.position <= last_position
          and (e.type in ('device.registered', 'device.token_invalidated')
            or (e.type = 'push.attempted' and e.data ->> 'outcome' in (
              'retry', 'rejected', 'token_invalid', 'unknown')))
      union all
      select e.position, d.user_id, d.device_id, e.type, null, e.data ->> 'reason', null
        from pushledger.events e
        join pushledger.deliveries d
          on d.app = e.app and d.delivery_id = (e.data ->> 'delivery_id')::uuid
        where e.app = in_app and e.position > after_position and e.position <= last_position
          and e.type = 'push.not_shown'
    ), counted as (
      select f.user_id, f.device_id,
          count(*) filter (where f.type = 'device.registered') as registrations,
          count(distinct f.token) filter (where f.type = 'device.registered') as tokens,
          count(*) filter (where f.type = 'device.token_invalidated') as invalidated,
          count(*) filter (where f.outcome in ('rejected', 'token_invalid')) as refused,
          count(*) filter (where f.outcome = 'retry') as retried,
          count(*) filter (where f.outcome = 'unknown') as unknown,
          count(*) filter (where f.type = 'push.not_shown') as not_shown,
          (array_agg(f.reason order by f.position desc)
            filter (where f.reason is not null))[1] as last_reason
        from found f
        group by f.user_id, f.device_id
    ), judged as (
      select greatest(0, c.registrations - 1) + c.invalidated + c.refused + c.retried + c.unknown
          + c.not_shown as noise, c.*
        from counted c
    )
    select j.user_id, j.device_id, j.noise, j.registrations, j.tokens, j.invalidated, j.refused,
        j.retried, j.unknown, j.not_shown, j.last_reason
      from judged j
      where j.noise > 0
      order by j.noise desc, j.user_id collate "C", j.device_id collate "C"
      limit in_limit;
end
$$;

comment on function pushledger.noisy_tokens is
  'The devices whose pushes failed, or whose tokens came and went, most often in a time.';
