-- ledger.check_field: holds one value of an event against one rule of ledger.event_rules.
--
-- Errors: LG005; 22007, 22008, 22023 from PostgreSQL itself for a time or zone there is none of.
create or replace function ledger.check_field(
  value jsonb, field text, kind text, low bigint, bound bigint, choices text[])
returns void
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  form constant text := jsonb_typeof(value);
  wanted constant text := case kind
    when 'flag' then 'boolean' when 'whole' then 'number' when 'object' then 'object'
    when 'ids' then 'array' when 'list' then 'array' when 'labels' then 'array'
    when 'platforms' then 'array' when 'label_map' then 'object' else 'string' end;
  content constant text := value #>> '{}';
begin
  if form <> wanted then
    perform ledger.refuse_field(field, format('is of type %s; %s is expected.', form, wanted));
  end if;
  case kind
    when 'id' then
      if octet_length(content) not between 1 and 128 then
        perform ledger.refuse_field(field,
          format('has %s bytes; 1 to 128 are allowed.', octet_length(content)));
      elsif content ~ '[\u0001-\u001f\u007f-\u009f]' then
        perform ledger.refuse_field(field, 'holds a control character; leave it out.');
      end if;
    when 'text' then
      if octet_length(content) > bound then
        perform ledger.refuse_field(field,
          format('has %s bytes; at most %s are allowed.', octet_length(content), bound));
      end if;
    when 'whole' then
      if trunc(content::numeric) <> content::numeric
        or content::numeric not between low and bound
      then
        perform ledger.refuse_field(field,
          format('is no whole number from %s to %s.', low, bound));
      end if;
    when 'choice' then
      if content <> all (choices) then
        perform ledger.refuse_field(field,
          format('is unknown; one of %s is expected.', array_to_string(choices, ', ')));
      end if;
    when 'moment' then
      perform ledger.read_moment(content, field);
    when 'clock', 'clock_end' then
      if content !~ '^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$'
        and (kind = 'clock' or content !~ '^24:00(:00)?$')
      then
        perform ledger.refuse_field(field, 'is no time of day; write it like 22:30.');
      end if;
    when 'zone' then
      perform timezone(content, timestamptz '2000-01-01');
    when 'uuid' then
      if content !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform ledger.refuse_field(field, 'is no UUID.');
      end if;
    when 'ids' then
      if jsonb_array_length(value) > bound then
        perform ledger.refuse_field(field,
          format('has %s entries; at most %s are allowed.', jsonb_array_length(value), bound));
      end if;
      perform ledger.check_field(e.value, format('%s[%s]', field, e.number - 1), 'id',
          null, null, null)
        from jsonb_array_elements(value) with ordinality as e (value, number);
    when 'list' then
      if jsonb_array_length(value) > bound then
        perform ledger.refuse_field(field,
          format('has %s entries; at most %s are allowed.', jsonb_array_length(value), bound));
      end if;
    when 'labels', 'platforms' then
      if jsonb_array_length(value) > bound then
        perform ledger.refuse_field(field,
          format('has %s entries; at most %s are allowed.', jsonb_array_length(value), bound));
      elsif exists (
        select from jsonb_array_elements(value) as e (value)
        where jsonb_typeof(e.value) <> 'string'
          or octet_length(e.value #>> '{}') not between 1 and 64
          or e.value #>> '{}' <> all (choices))
      then
        perform ledger.refuse_field(field, 'holds what is no string of 1 to 64 bytes, or unknown.');
      end if;
    when 'label_map' then
      if (select count(*) from jsonb_object_keys(value)) > bound then
        perform ledger.refuse_field(field, format('has more than %s entries.', bound));
      elsif exists (
        select from jsonb_each(value) as e (key, value)
        where jsonb_typeof(e.value) <> 'string'
          or octet_length(e.value #>> '{}') not between 1 and 64
          or octet_length(e.key) not between 1 and 64)
      then
        perform ledger.refuse_field(field,
          'has a name or value that is no string of 1 to 64 bytes.');
      end if;
    else
      null;
  end case;
end
$$;

comment on function ledger.check_field is
  'Holds one value of an event against one rule of ledger.event_rules; LG005 where it breaks it.';
