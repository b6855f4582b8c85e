-- pushledger.check_steps: checks the times of a report that is told in steps.
--
-- Arguments: from, to, and the step. Result: the step, with its days as 24 hours.
-- Errors: 22023 the step is not as it must be, or there would be more than 10,000.
create or replace function pushledger.check_steps(
  in_from timestamptz, in_to timestamptz, step interval)
returns interval
language plpgsql immutable
set search_path = pg_catalog
as $$
declare
  width constant interval := make_interval(secs => extract(epoch from step));
begin
  if step is null or step <= interval '0' or extract(year from step) <> 0
    or extract(month from step) <> 0
  then
    raise exception 'the step must be above 0 and without months' using errcode = '22023';
  elsif in_to - in_from > width * 10000 then
    raise exception 'more than 10,000 steps: take a longer step or a shorter time'
      using errcode = '22023';
  end if;
  return width;
end
$$;

comment on function pushledger.check_steps is
  'The step of a report, checked: above 0, without months, at most 10,000 of them.';
