-- ledger.complete_event: checks an event in the import form and fills in what decisions need of
-- its content, as the API's door does.
--
-- Result: its data, completed.
-- Errors: LG005, and PostgreSQL's own for times and zones there are none of.
create or replace function ledger.complete_event(event jsonb, field text) returns jsonb
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  type constant text := event ->> 'type';
  content constant jsonb := nullif(event -> 'content', 'null');
  rule record;
  value jsonb;
begin
  for rule in select r.* from ledger.event_rules() as r where r.type = event ->> 'type' loop
    value := nullif(event #> rule.path, 'null');
    if value is not null then
      perform ledger.check_field(value, field || '.' || array_to_string(rule.path, '.'),
        rule.kind, rule.low, rule.bound, rule.choices);
    elsif rule.required
      and nullif(event #> rule.path[:cardinality(rule.path) - 1], 'null') is not null
    then
      perform ledger.refuse_field(
        field || '.' || array_to_string(rule.path, '.'), 'is missing; it is required.');
    end if;
  end loop;

  if type in ('message.sent', 'conversation.read', 'conversation.receive_changed',
      'conversation.unread_set')
    and num_nonnulls(event #>> '{data,conversation,user}', event #>> '{data,conversation,group}')
      <> 1
  then
    perform ledger.refuse_field(
      field || '.data.conversation', 'must name either a user or a group.');
  end if;

  case type
    when 'conversation.read' then
      if num_nonnulls(event #>> '{data,up_to}', event #>> '{data,up_to_position}') = 0 then
        perform ledger.refuse_field(field || '.data.up_to',
          'is missing; name the last message read, or give up_to_position.');
      end if;
    when 'device.registered' then
      return ledger.complete_fallbacks(
        ledger.complete_way(event -> 'data', field || '.data', content -> 'token',
          field || '.content.token'), content, field);
    when 'broadcast.started' then
      if content is not null then
        perform ledger.message_facts(content, field || '.content');
      end if;
      if nullif(event #> '{data,condition}', 'null') is not null
        and ((select count(*) from jsonb_object_keys(event #> '{data,condition}')) <> 1
          or not event #> '{data,condition}'
            ?| array['any_tag', 'all_tags', 'any_attribute', 'all_attributes'])
      then
        perform ledger.refuse_field(field || '.data.condition',
          'must hold one of any_tag, all_tags, any_attribute, all_attributes.');
      end if;
    when 'message.sent' then
      if content is null then
        perform ledger.refuse_field(field || '.content.elements', 'is missing; it is required.');
      end if;
      return jsonb_set(
        event -> 'data', '{facts}', ledger.message_facts(content, field || '.content'));
    else
      null;
  end case;
  return event -> 'data';
end
$$;

comment on function ledger.complete_event is
  'Checks an event and answers its data, completed as the API''s door does it. LG005.';
