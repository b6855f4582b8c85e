-- ledger.copy_tables: makes a built-in projection's tables once more, empty, in a schema of their own.
--
-- Columns, constraints, settings, comments and rights are those of the serving tables as they are; the
-- keys and indexes too, but for those named.
--
-- Arguments: the serving schema; the new one and its comment; keys and indexes to leave out.
-- Rights: nobody's but the owner's, for it makes a schema.
create or replace function ledger.copy_tables(
  in_source text, in_target text, in_comment text, in_without text[])
returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  item record;
  kept record;
begin
  execute format('create schema %I', in_target);
  execute format('comment on schema %I is %L', in_target, in_comment);
  for item in
    select c.oid, c.relname, c.reloptions, obj_description(c.oid, 'pg_class') as comment
      from pg_class c
      where c.relnamespace = in_source::regnamespace and c.relkind = 'r' order by c.relname
  loop
    execute format('create table %I.%I (like %I.%I including comments including defaults '
      'including generated including statistics including storage)',
      in_target, item.relname, in_source, item.relname);
    if item.reloptions is not null then
      execute format('alter table %I.%I set (%s)', in_target, item.relname,
        array_to_string(item.reloptions, ', '));
    end if;
    execute format('comment on table %I.%I is %L', in_target, item.relname, item.comment);
    for kept in
      select a.attname, a.attstattarget from pg_attribute a
        where a.attrelid = item.oid and a.attnum > 0 and not a.attisdropped
          and a.attstattarget >= 0
    loop
      execute format('alter table %I.%I alter column %I set statistics %s', in_target, item.relname,
        kept.attname, kept.attstattarget);
    end loop;
  end loop;
  for item in
    select c.conname, t.relname, pg_get_constraintdef(c.oid) as definition
      from pg_constraint c
      join pg_class t on t.oid = c.conrelid
      where t.relnamespace = in_source::regnamespace and c.contype in ('p', 'u', 'c')
        and c.conname <> all (in_without)
      order by t.relname, c.conname
  loop
    execute format('alter table %I.%I add constraint %I %s', in_target, item.relname, item.conname,
      item.definition);
  end loop;
  perform ledger.copy_indexes(in_source, in_target, in_without);
  perform ledger.copy_rights(in_source, in_target);
end
$$;

comment on function ledger.copy_tables is
  'Makes a built-in projection''s tables once more, empty, in a schema of their own.';
