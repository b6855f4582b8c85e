-- ledger.plan_archive: up to where an app's messages can be detached, at most up to a position.
--
-- Arguments: the app; the last position that its archive holds.
-- Result: the last position of a commit, 0 where there is none; and what keeps more from being
--   detached, null where nothing does: a push that is due; a projection, a subscription or a
--   webhook that has not come so far. Each still needs what would be taken away.
create or replace function ledger.plan_archive(
  in_app text, in_archived bigint, out "position" bigint, out held_by text)
language plpgsql stable
set search_path = pg_catalog
as $$
declare
  bound bigint;
begin
  select b.upto, b.what into bound, held_by
    from (
      select in_archived as upto, null::text as what, 0 as rank
      union all
      select c.position, 'the projection notifications', 1
        from ledger.heads h
        left join ledger.checkpoints c on c.app = h.app and c.projection = 'notifications'
        where h.app = in_app and c.position is distinct from h.position
      union all
      select coalesce(c.position, 0), 'the projection ' || p.projection, 2
        from ledger.projections p
        left join ledger.checkpoints c on c.app = in_app and c.projection = p.projection
        where p.fold_sql is not null
      union all
      select coalesce(c.position, 0), 'the rebuild of the projection ' || r.projection, 2
        from ledger.rebuilds r
        left join ledger.checkpoints c on c.app = in_app and c.projection = r.projection || '/next'
        where r.projection <> 'notifications'
      union all
      select s.position, 'the subscription ' || s.name, 3
        from ledger.subscriptions s where s.app = in_app
      union all
      select w.position, 'the webhook of SDKAppID ' || w.sdkappid, 4
        from reactions.webhooks w where w.app = in_app
      union all
      (select d.position - 1, 'a push that is due', 5
        from notifications_v1.deliveries d
        where d.app = in_app and d.status = 'due' order by d.position limit 1)) b
    order by coalesce(b.upto, 0), b.rank limit 1;
  bound := least(coalesce(bound, 0), in_archived);
  select c.last_position into "position" from ledger.commits c
    where c.app = in_app and c.last_position <= bound
    order by c.commit_number desc limit 1;
  "position" := coalesce("position", 0);
end
$$;

comment on function ledger.plan_archive is
  'Up to where an app''s messages can be detached, and what keeps more from it.';
