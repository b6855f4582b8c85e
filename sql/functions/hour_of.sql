-- pushledger.hour_of: the hour in UTC in which a moment lies, as the hourly views have it.
create or replace function pushledger.hour_of(moment timestamptz) returns timestamptz
language sql immutable parallel safe
return date_bin('1 hour', moment, '1970-01-01 00:00:00+00');

comment on function pushledger.hour_of is 'The hour in UTC in which a moment lies.';
