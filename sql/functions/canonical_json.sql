-- ledger.canonical_json: one text for equal JSON: no spaces, members sorted by their keys' bytes,
-- and what is not printable ASCII escaped, as most JSON writers do it. What a subscription
-- object's token_sha256 is taken of. Numbers stand as jsonb keeps them.
create or replace function ledger.canonical_json(value jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog
as $$
begin
  case jsonb_typeof(value)
    when 'object' then
      return '{' || coalesce((
        select string_agg(
          ledger.canonical_json(to_jsonb(m.key)) || ':' || ledger.canonical_json(m.value),
          ',' order by m.key collate "C")
        from jsonb_each(value) as m), '') || '}';
    when 'array' then
      return '[' || coalesce((
        select string_agg(ledger.canonical_json(e.value), ',' order by e.number)
        from jsonb_array_elements(value) with ordinality as e (value, number)), '') || ']';
    when 'string' then
      if value::text ~ '^[ -~]*$' then
        return value::text;
      end if;
      return (
        select string_agg(
          case
            when ascii(c.sign) between 32 and 126 then c.sign
            when ascii(c.sign) < 65536 then '\u' || lpad(to_hex(ascii(c.sign)), 4, '0')
            else '\u' || to_hex(55296 + ((ascii(c.sign) - 65536) >> 10))
              || '\u' || to_hex(56320 + ((ascii(c.sign) - 65536) & 1023))
          end, '' order by c.number)
        from string_to_table(value::text, null) with ordinality as c (sign, number));
    else
      return value::text;
  end case;
end
$$;

comment on function ledger.canonical_json is
  'One text for equal JSON: sorted keys, no spaces, ASCII. What fingerprints are taken of.';
