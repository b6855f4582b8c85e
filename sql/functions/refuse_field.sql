-- ledger.refuse_field: raises LG005 for a field that is not as docs/events.md says. The message
-- names the field and what is expected, and holds none of the event's text.
create or replace function ledger.refuse_field(field text, problem text) returns void
language plpgsql immutable
set search_path = pg_catalog
as $$
begin
  raise exception '%: %', field, problem
    using errcode = 'LG005', hint = 'The fields of every event stand in docs/events.md.';
end
$$;

comment on function ledger.refuse_field is 'Raises LG005: a field is not as docs/events.md says.';
