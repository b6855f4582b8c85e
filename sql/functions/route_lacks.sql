-- dispatch.route_lacks: why nothing can be sent that goes by a provider and belongs to a topic, an
-- environment and a credential.
--
-- Of credentials only that is told: views ask for readers who may not see them.
--
-- Arguments: the app and the provider; the topic, the environment and the credential's id of the
--   devices' way, each null where it has none. Result: one of the words that stand with column lacks
--   of pushledger.dispatch_status; null where there is a credential for it.
create or replace function dispatch.route_lacks(
  in_app text, in_provider text, in_topic text, in_environment text, in_credential_id text)
returns text
language sql stable security definer
set search_path = pg_catalog
as $$
  select case
      when exists (
        select from dispatch.pauses p
        where p.app = in_app and coalesce(p.provider, in_provider) = in_provider)
        then 'paused'
      when in_provider = 'callback' and in_topic = 'stream' then 'waits_for_device'
      when count(*) = 0 then 'no_credential'
      when count(*) filter (where c.is_named) = 0 then 'no_such_credential'
      when count(*) filter (where c.fits_environment) = 0 then 'no_credential_for_environment'
      when count(*) filter (where c.fits_environment and c.fits_topic) = 0
        then case when in_topic is null then 'topic_missing' else 'no_credential_for_topic' end
    end
  from (
    select coalesce(c.credential_id = in_credential_id, true) as is_named,
      coalesce(c.environment = in_environment, true)
        and coalesce(c.credential_id = in_credential_id, true) as fits_environment,
      case
        when in_topic is null
          then in_provider not in ('apns', 'xiaomi') or cardinality(c.topics) = 1
        else c.topics = '{}' or in_topic = any (c.topics)
      end as fits_topic
    from ledger.provider_credentials c
    where c.app = in_app and c.provider = in_provider) c;
$$;

comment on function dispatch.route_lacks is
  'Why nothing can be sent by a provider, topic, environment and credential; null: it can.';
