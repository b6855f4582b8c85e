-- ledger.refuse_event: raises LG003 for an event that is too large to be stored. It stands for the
-- event's digest where that would have been computed.
create or replace function ledger.refuse_event(event_id uuid) returns bytea
language plpgsql immutable
set search_path = pg_catalog
as $$
begin
  raise exception 'event % is too large: its data and content have more than 131,072 bytes of text',
    event_id
    using errcode = 'LG003', hint = 'Keep large things elsewhere and store where they are.';
end
$$;

comment on function ledger.refuse_event is 'Raises LG003: the event is too large.';
