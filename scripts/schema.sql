-- The schema as it is installed, as sql/schema.sql shows it: one query, a row for each line.
--
-- It asks the catalogs only for what every version of PostgreSQL says in the same words, so that
-- the same text comes out everywhere. The bodies of functions and views are left out, for they
-- stand in sql/functions and sql/views; owners and their rights are left out, for they are the
-- installer's business. scripts/schema and a test run it.
with schemas as (
  select n.oid, n.nspname as name, n.nspowner as owner, n.nspacl as acl
  from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
), relations as (
  select c.oid, s.name as schema, format('%I.%I', s.name, c.relname) as name, c.relkind as kind,
    c.relowner as owner, c.relacl as acl, c.reloptions as options
  from pg_catalog.pg_class c
  join schemas s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
), functions as (
  select p.oid, s.name as schema, p.proowner as owner,
    coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)) as acl,
    format('%I.%I(%s)', s.name, p.proname, pg_catalog.pg_get_function_arguments(p.oid)) as head,
    format('%I.%I(%s)', s.name, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) as name,
    pg_catalog.pg_get_function_result(p.oid) as result,
    format('language %s %s', l.lanname,
      case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end)
      || case when p.proisstrict then ' strict' else '' end
      || case when p.prosecdef then ' security definer' else '' end
      || case p.proparallel when 's' then ' parallel safe' when 'r' then ' parallel restricted'
        else '' end
      || coalesce((
        select string_agg(' set ' || replace(o.option, '=', ' = '), '' order by o.number)
        from unnest(p.proconfig) with ordinality as o (option, number)), '') as properties
  from pg_catalog.pg_proc p
  join schemas s on s.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
), columns as (
  select r.oid, a.attnum as number, 1 as part, format('%I %s', a.attname,
      pg_catalog.format_type(a.atttypid, a.atttypmod))
      || case when a.attcollation not in (0, t.typcollation)
        then format(' collate %I', o.collname) else '' end
      || case when a.attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') as line
  from relations r
  join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
  left join pg_catalog.pg_collation o on o.oid = a.attcollation
  left join pg_catalog.pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
  union all
  select r.oid, row_number() over (
      partition by r.oid order by position(k.contype::text in 'pufcx'), k.conname collate "C"), 2,
    format('constraint %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))
  from relations r
  join pg_catalog.pg_constraint k on k.conrelid = r.oid and k.contype in ('p', 'u', 'f', 'c', 'x')
), rights as (
  select t.schema, t.rank, t.name, t.thing, coalesce(u.rolname, 'public') as role,
    lower(e.privilege_type)
      || case when count(a.attname) > 0
        then format(' (%s)', string_agg(quote_ident(a.attname), ', ' order by a.attnum))
        else '' end
      || case when e.is_grantable then ' with grant option' else '' end as right
  from (
    select name as schema, 0 as rank, name, format('schema %I', name) as thing, owner, acl,
      null::oid as column_of, null::smallint as number
    from schemas
    union all
    select schema, 1, name, name, owner, acl, null, null from relations
    union all
    select r.schema, 1, r.name, r.name, r.owner, a.attacl, a.attrelid, a.attnum
    from relations r
    join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attacl is not null
    union all
    select schema, 2, name, 'function ' || name, owner, acl, null, null from functions
  ) t
  cross join lateral pg_catalog.aclexplode(t.acl) e
  left join pg_catalog.pg_roles u on u.oid = e.grantee
  left join pg_catalog.pg_attribute a on a.attrelid = t.column_of and a.attnum = t.number
  where e.grantee <> t.owner
  group by t.schema, t.rank, t.name, t.thing, u.rolname, e.privilege_type, e.is_grantable,
    t.column_of
), lines as (
  -- What a thing is.
  select s.name as schema, 0 as rank, s.name as name, 1 as part, 0::bigint as number,
    0::bigint as place,
    format('create schema %I;', s.name) as line
  from schemas s
  union all
  select r.schema, 1, r.name, 1, 0, 0,
    case r.kind when 'v' then 'create view ' when 'm' then 'create materialized view '
      when 'S' then 'create sequence ' when 'f' then 'create foreign table '
      when 'c' then 'create type ' else 'create table ' end || r.name
      || case r.kind when 'c' then ' as (' else ' (' end
  from relations r
  union all
  select r.schema, 1, r.name, 2, c.part, c.number, '  ' || c.line
    || case when row_number() over (partition by r.oid order by c.part desc, c.number desc) = 1
      then '' else ',' end
  from relations r join columns c on c.oid = r.oid
  union all
  select r.schema, 1, r.name, 3, 0, 0,
    ')' || coalesce((
      select format(' with (%s)',
          string_agg(replace(o.option, '=', ' = '), ', ' order by o.option collate "C"))
      from unnest(r.options) as o (option) having count(*) > 0), '') || ';'
  from relations r
  union all
  select f.schema, 2, f.name, 1, 0, 0,
    format(E'create function %s\n  returns %s\n  %s;', f.head, f.result, f.properties)
  from functions f
  -- What belongs to it.
  union all
  select r.schema, 1, r.name, 4, 0,
    row_number() over (partition by r.oid order by i.relname collate "C"),
    pg_catalog.pg_get_indexdef(x.indexrelid) || ';'
  from relations r
  join pg_catalog.pg_index x on x.indrelid = r.oid
  join pg_catalog.pg_class i on i.oid = x.indexrelid
  where not exists (select from pg_catalog.pg_constraint k where k.conindid = x.indexrelid)
  union all
  select r.schema, 1, r.name, 5, 0,
    row_number() over (partition by r.oid order by t.tgname collate "C"),
    pg_catalog.pg_get_triggerdef(t.oid) || ';'
  from relations r
  join pg_catalog.pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
  -- What it is for.
  union all
  select s.name, 0, s.name, 6, 0, 0, format('comment on schema %I is %L;', s.name, d.description)
  from schemas s
  join pg_catalog.pg_description d
    on d.objoid = s.oid and d.classoid = 'pg_catalog.pg_namespace'::regclass
  union all
  select r.schema, 1, r.name, 6, 0, d.objsubid,
    case d.objsubid
      when 0 then format('comment on %s %s is %L;',
        case r.kind when 'v' then 'view' when 'm' then 'materialized view'
          when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
        r.name, d.description)
      else format('comment on column %s.%I is %L;', r.name, a.attname, d.description)
    end
  from relations r
  join pg_catalog.pg_description d
    on d.objoid = r.oid and d.classoid = 'pg_catalog.pg_class'::regclass
  left join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum = d.objsubid
  union all
  select r.schema, 1, r.name, 6, 0, 0, format('comment on type %s is %L;', r.name, d.description)
  from relations r
  join pg_catalog.pg_type t on t.typrelid = r.oid and r.kind = 'c'
  join pg_catalog.pg_description d
    on d.objoid = t.oid and d.classoid = 'pg_catalog.pg_type'::regclass
  union all
  select f.schema, 2, f.name, 6, 0, 0,
    format('comment on function %s is %L;', f.name, d.description)
  from functions f
  join pg_catalog.pg_description d
    on d.objoid = f.oid and d.classoid = 'pg_catalog.pg_proc'::regclass
  -- Who may do what with it.
  union all
  select g.schema, g.rank, g.name, 7, 0,
    row_number() over (partition by g.rank, g.name order by g.rights collate "C"),
    format('grant %s on %s to %s;', g.rights, g.thing,
      string_agg(g.role, ', ' order by g.role collate "C"))
  from (
    select r.schema, r.rank, r.name, r.thing, r.role,
      string_agg(r.right, ', ' order by r.right collate "C") as rights
    from rights r
    group by r.schema, r.rank, r.name, r.thing, r.role
  ) g
  group by g.schema, g.rank, g.name, g.thing, g.rights
  -- A line between one thing and the next, and before all the file's own words.
  union all
  select schema, rank, name, 0, 0, 0, ''
  from (
    select name as schema, 0 as rank, name from schemas
    union all select schema, 1, name from relations
    union all select schema, 2, name from functions
  ) t
  union all
  select '', 0, '', 0, w.number, 0, w.line
  from unnest(array[
    '-- What PushLedger installs in a database, as the catalogs show it: to be read, not run.',
    '-- The bodies of functions and views stand in sql/functions and sql/views.',
    '-- Written by scripts/schema; a test fails when it is stale.'
  ]) with ordinality as w (line, number)
)
select line from lines
order by schema collate "C", rank, name collate "C", part, number, place;
