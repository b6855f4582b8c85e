-- Which message was the push with this id of the provider?
-- app: the app
-- id: the provider's message id, such as an apns-id
select d.message_id, d.user_id, d.device_id, a.attempt, a.provider, a.outcome, a.finished_at
from pushledger.attempts a
join pushledger.deliveries d on d.app = a.app and d.delivery_id = a.delivery_id
where a.app = :'app' and a.provider_message_id = :'id'
order by a.position;
