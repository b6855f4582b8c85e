-- pushledger.latency_bucket: how many of pushledger.latency_bounds a duration reached.
create or replace function pushledger.latency_bucket(duration interval) returns smallint
language sql immutable parallel safe
return width_bucket(extract(epoch from duration)::float8, pushledger.latency_bounds())::smallint;

comment on function pushledger.latency_bucket is
  'The bucket of a duration: how many of the bounds it reached.';
