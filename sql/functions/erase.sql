-- ledger.erase: takes the next content that an erasure is about out of an app's ledger, and appends
-- the event that says so. Called again and again until it is at the end:
--
--   said_after ──► what was said, up to in_upto ─┐
--                                                └─► known_after ──► names and tokens, up to in_upto
--
-- Arguments: the app; what is erased, one of three: a user, a message, or what was recorded before
--   a moment; a reason, which holds nothing personal, or null; the erasure's id, the same in all
--   its calls; the position up to which it goes; and how far it is, 0 at first, which is answered
--   too.
-- Result: how many events lost their content: 0 where a stretch had none; and the position of the
--   event that says so, null where there is none. It is done once both said_after and known_after
--   reached in_upto.
-- Errors: 22023 not one of the three was given.
-- Locks: what ledger.append_batch locks, and the app's checkpoints, so that no projector has read
--   what goes; both only where something goes.
-- Rights: runs with its owner's: it is the only way to change an event, and a trigger holds it to
-- it.
create or replace function ledger.erase(
  in_app text, in_user text, in_message text, in_before timestamptz, in_reason text,
  in_erasure uuid, in_upto bigint, inout said_after bigint, inout known_after bigint,
  out erased int, out event_position bigint)
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  -- Positions that one call looks at, all where an index leads to them, and those that one event
  -- names.
  stretch constant bigint := case when in_message is null then 20000 else in_upto end;
  most constant int := 2000;
  before_position bigint;
  is_known boolean := said_after >= in_upto;
  through bigint := least(in_upto, (case when is_known then known_after else said_after end) + stretch);
  found_positions bigint[];
  head bigint;
begin
  if num_nonnulls(in_user, in_message, in_before) <> 1 then
    raise exception 'an erasure is of a user, of a message, or of a time: one of the three'
      using errcode = '22023';
  end if;
  if in_before is not null then
    before_position := pushledger.position_at(in_app, in_before - interval '1 microsecond');
    if through >= before_position then
      through := in_upto; -- Nothing after it is meant.
    end if;
  end if;
  erased := 0;
  if said_after = 0 and known_after = 0
    and exists (select from ledger.archives a where a.app = in_app)
  then
    -- What is detached cannot be found: should it come back, this says that it was to go.
    perform pg_advisory_xact_lock(hashtextextended(in_app, 1));
    perform from ledger.heads h where h.app = in_app for update;
    event_position := ledger.erase_content(in_app, '{}', jsonb_strip_nulls(
      jsonb_build_object('erasure', in_erasure, 'reason', in_reason,
        'scope', jsonb_build_object('user', in_user, 'message', in_message, 'before', in_before),
        'positions', '[]'::jsonb)));
  end if;
  found_positions := array(
    select f.position from ledger.erasable(in_app, in_user, in_message, before_position, is_known,
      case when is_known then known_after else said_after end, through, most) as f);

  if cardinality(found_positions) > 0 then
    perform pg_advisory_xact_lock(hashtextextended(in_app, 1));
    select h.position into head from ledger.heads h where h.app = in_app for update;
    if is_known and in_user is not null and said_after < head then
      -- What the user said meanwhile may have been shown under the name that is to go.
      through := least(head, said_after + stretch);
      found_positions := array(
        select f.position from ledger.erasable(in_app, in_user, in_message, before_position, false,
          said_after, through, most) as f);
      is_known := false;
    end if;
    -- Counted before those that another erasure took meanwhile are left out: more may follow.
    if cardinality(found_positions) = most then
      through := found_positions[most];
    end if;
    found_positions := array(
      select e.position from ledger.events e
        where e.app = in_app and e.position = any (found_positions) and e.content is not null
        order by e.position);
  end if;

  if cardinality(found_positions) > 0 then
    event_position := ledger.erase_content(in_app, found_positions, jsonb_strip_nulls(
      jsonb_build_object('erasure', in_erasure, 'reason', in_reason,
        'scope', jsonb_build_object('user', in_user, 'message', in_message, 'before', in_before),
        'positions', to_jsonb(found_positions))));
    erased := cardinality(found_positions);
  end if;
  if is_known then
    known_after := through;
  else
    said_after := through;
  end if;
end
$$;

comment on function ledger.erase is
  'Takes the next content of an erasure out of a ledger and appends the event that says so.';
