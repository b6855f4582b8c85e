-- ledger.read_moment: reads a time as the API does: RFC 3339 from 1970 to 9999, with Z or an
-- offset; decimals after the sixth are cut off.
--
-- Errors: LG005; 22008 for a day that its month has not.
create or replace function ledger.read_moment(moment text, field text) returns timestamptz
language plpgsql stable
set search_path = pg_catalog
as $$
begin
  if moment !~ ('^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3])'
    || ':[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$')
  then
    perform ledger.refuse_field(field,
      'is no time; write it like 2026-01-31T09:30:00.250Z (RFC 3339, with Z or an offset).');
  end if;
  return regexp_replace(moment, '(\.[0-9]{6})[0-9]+', '\1')::timestamptz;
end
$$;

comment on function ledger.read_moment is 'Reads an RFC 3339 time; LG005 where it is none.';
