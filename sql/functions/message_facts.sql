-- ledger.message_facts: checks a message's elements and says what decisions need of its content:
-- whether there is anything to show, the sender's push flag, what the badge does, and the sounds' names. It goes into
-- `data`, so that decisions stay as they were when content is erased.
--
-- Errors: LG005.
create or replace function ledger.message_facts(content jsonb, field text) returns jsonb
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  push constant jsonb := nullif(content -> 'offline_push', 'null');
  info constant jsonb := nullif(push -> 'ApnsInfo', 'null');
  shows boolean := coalesce(push ->> 'Desc', '') <> '' or coalesce(push ->> 'Title', '') <> ''
    or coalesce(info ->> 'Title', '') <> '';
  element record;
  name text;
  inner_field text;
begin
  for element in
    select e.value, nullif(e.value -> 'MsgType', 'null') as type,
        nullif(e.value -> 'MsgContent', 'null') as body,
        format('%s.elements[%s]', field, e.number - 1) as path
      from jsonb_array_elements(content -> 'elements') with ordinality as e (value, number)
  loop
    perform ledger.check_field(element.value, element.path, 'object', null, null, null);
    if element.type is null or element.body is null then
      perform ledger.refuse_field(
        element.path || case when element.type is null then '.MsgType' else '.MsgContent' end,
        'is missing; it is required.');
    end if;
    perform ledger.check_field(element.type, element.path || '.MsgType', 'text', null, 128, null);
    perform ledger.check_field(
      element.body, element.path || '.MsgContent', 'object', null, null, null);
    name := element.type #>> '{}';
    foreach inner_field in array case name
      when 'TIMTextElem' then array['Text']
      when 'TIMCustomElem' then array['Desc', 'Ext', 'Sound'] else '{}' end
    loop
      if nullif(element.body -> inner_field, 'null') is not null then
        perform ledger.check_field(
          element.body -> inner_field, format('%s.MsgContent.%s', element.path, inner_field),
          'text', null, case inner_field when 'Sound' then 256 else 65536 end, null);
      end if;
    end loop;
    shows := shows or case name
      when 'TIMTextElem' then coalesce(element.body ->> 'Text', '') <> ''
      when 'TIMCustomElem' then coalesce(element.body ->> 'Desc', '') <> ''
      else true end;
  end loop;
  for element in
    select e.value, format('%s.offline_push.MultiLanguageContent[%s]', field, e.number - 1) as path
      from jsonb_array_elements(coalesce(nullif(push -> 'MultiLanguageContent', 'null'), '[]'))
        with ordinality as e (value, number)
  loop
    perform ledger.check_field(element.value, element.path, 'object', null, null, null);
    if nullif(element.value -> 'Language', 'null') is null then
      perform ledger.refuse_field(element.path || '.Language', 'is missing; it is required.');
    end if;
    perform ledger.check_field(
      element.value -> 'Language', element.path || '.Language', 'text', null, 128, null);
    foreach inner_field in array array['Title', 'Desc'] loop
      if nullif(element.value -> inner_field, 'null') is not null then
        perform ledger.check_field(element.value -> inner_field,
          format('%s.%s', element.path, inner_field), 'text', null, 65536, null);
      end if;
    end loop;
  end loop;
  return jsonb_build_object('shows', shows,
    'push_flag', coalesce((push ->> 'PushFlag')::numeric::bigint, 0),
    'badge_mode', coalesce((info ->> 'BadgeMode')::numeric::bigint, 0))
    || jsonb_strip_nulls(jsonb_build_object(
      'badge_set', (push ->> 'BadgeSetNum')::numeric::bigint,
      'badge_add', (push ->> 'BadgeAddNum')::numeric::bigint,
      'sound', coalesce(nullif(info ->> 'Sound', ''), case when push is null then nullif((
        select e.value #>> '{MsgContent,Sound}'
          from jsonb_array_elements(content -> 'elements') with ordinality as e (value, number)
          where e.value ->> 'MsgType' = 'TIMCustomElem' order by e.number limit 1), '') end),
      'android_sound', nullif(push #>> '{AndroidInfo,Sound}', '')));
end
$$;

comment on function ledger.message_facts is
  'What decisions need of a message''s content; checks its elements. LG005.';
