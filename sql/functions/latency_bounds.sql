-- pushledger.latency_bounds: where one bucket of a latency histogram ends and the next begins, in
-- seconds: from 10 ms to a day.
create or replace function pushledger.latency_bounds() returns float8[]
language sql immutable parallel safe
return array[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400];

comment on function pushledger.latency_bounds is
  'Where one bucket of a latency histogram ends and the next begins, in seconds.';
