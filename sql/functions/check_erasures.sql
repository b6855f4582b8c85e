-- ledger.check_erasures: looks whether what new events say of erased content is true: each position
-- that a content.erased names is an event before it, and has no content.
--
-- Arguments: the app; the head before the new events. Errors: LG006.
create or replace function ledger.check_erasures(in_app text, head_before bigint) returns void
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  wrong record;
begin
  select n.position, p.value into wrong
    from ledger.events n
    cross join lateral jsonb_array_elements(
      case jsonb_typeof(n.data -> 'positions')
        when 'array' then n.data -> 'positions' else '[null]' end) as p (value)
    cross join lateral (
      select case when jsonb_typeof(p.value) = 'number' then p.value::numeric end as value) v
    left join lateral (
      select e.position from ledger.events e
        where e.app = n.app and e.content is null and e.position = case
          when v.value between 1 and n.position - 1 and v.value = trunc(v.value)
            then v.value::bigint end
        offset 0) e on true
    where n.app = in_app and n.position > head_before and n.type = 'content.erased'
      and e.position is null
    limit 1;
  if found then
    raise exception 'an event says that the content of position % was erased, which is not so',
      wrong.value
      using errcode = 'LG006',
        hint = 'Erase with: pushledger erase. An export fits the positions of an empty ledger only.';
  end if;
end
$$;

comment on function ledger.check_erasures is
  'Looks whether the content that new events call erased is gone. LG006.';
