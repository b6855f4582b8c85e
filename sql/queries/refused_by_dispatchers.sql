-- Which credentials can dispatchers not use, and which circuits are open?
select r.app, r.provider, r.credential_id as credential, 'refused' as state, r.reason,
  r.dispatcher, null::timestamptz as retry_at
from pushledger.refused_credentials r
union all
select c.app, c.provider, coalesce(c.credential_id, c.host), c.state, c.reason, c.dispatcher,
  c.retry_at
from pushledger.circuits c
order by 1 nulls first, 2, 3, 6;
