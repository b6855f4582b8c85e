-- ledger.copy_rights: gives in one schema the rights that are given in another, on the schema and on
-- the tables of the same names.
create or replace function ledger.copy_rights(in_source text, in_target text) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  item record;
begin
  for item in
    select format('schema %I', in_target) as thing, a.privilege_type, r.rolname
      from pg_namespace n
      cross join lateral aclexplode(n.nspacl) a
      join pg_roles r on r.oid = a.grantee
      where n.nspname = in_source and a.grantee <> n.nspowner
    union all
    select format('table %I.%I', in_target, c.relname), a.privilege_type, r.rolname
      from pg_class c
      cross join lateral aclexplode(c.relacl) a
      join pg_roles r on r.oid = a.grantee
      where c.relnamespace = in_source::regnamespace and c.relkind = 'r'
        and a.grantee <> c.relowner
  loop
    execute format('grant %s on %s to %I', item.privilege_type, item.thing, item.rolname);
  end loop;
end
$$;

comment on function ledger.copy_rights is
  'Gives in one schema the rights that are given in another.';
