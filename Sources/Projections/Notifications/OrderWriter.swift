import Postgres
import PushCore

/// Makes the statements for what a batch's orders do to deliveries. They come after all else of the
/// batch.
struct OrderWriter {
  let app: AppID
  let tables: ProjectionTables
  /// In the order of the ledger.
  let orders: [DeliveryOrder]

  /// One statement for each run of orders of the same kind.
  func calls() -> [PostgresCall] {
    var runs: [[DeliveryOrder]] = []
    for order in orders {
      if runs.last?.last?.kind == order.kind {
        runs[runs.count - 1].append(order)
      } else {
        runs.append([order])
      }
    }
    return runs.map { run in
      switch run[0].kind {
      case .cancel: cancel(run)
      case .retry: retry(run)
      }
    }
  }

  private func values(_ run: [DeliveryOrder]) -> PostgresParameters {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: run.map(\.deliveryID))
    values.add(array: run.map(\.position))
    values.add(array: run.map { PostgresTimestamp($0.recordedAt) })
    values.add(array: run.map(\.message))
    values.add(array: run.map(\.user.rawValue))
    values.add(array: run.map(\.device.rawValue))
    return values
  }

  /// Of two orders for one delivery the first one holds.
  private var ordered: String {
    """
    (
          select distinct on (o.delivery_id, o.message, o.user_id, o.device_id) o.*
          from unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::text[],
            $7::text[]) as o (delivery_id, position, at, message, user_id, device_id)
          order by o.delivery_id, o.message, o.user_id, o.device_id, o.position
        ) o
        join \(tables.schema).deliveries old on old.app = $1 and old.delivery_id = o.delivery_id
          and old.position = o.message and old.position < o.position
          and old.user_id = o.user_id and old.device_id = o.device_id
    """
  }

  private func cancel(_ run: [DeliveryOrder]) -> PostgresCall {
    PostgresCall(
      """
      with ended as (
        update \(tables.schema).deliveries d
        set status = 'cancelled', reason = '\(CancellationReason.operator.rawValue)',
          ended_at = o.at
        from \(ordered)
        where d.app = $1 and d.delivery_id = o.delivery_id and d.status = 'due'
        returning d.app, d.provider, d.lane, coalesce(d.due_position, d.position) as position,
          d.delivery_id, old, d as new
      ), changed as (
        select e.old, e.new from ended e
      ), \(StatisticsSQL.changes(tables))
      \(tables.sayWhatIsDue ? Self.noLongerDue : "select")
      """, values(run))
  }

  private func retry(_ run: [DeliveryOrder]) -> PostgresCall {
    PostgresCall(
      """
      with risen as (
        update \(tables.schema).deliveries d
        set status = 'due', reason = null, ended_at = null, due_position = o.position
        from \(ordered)
        where d.app = $1 and d.delivery_id = o.delivery_id
          and d.status in (\(Self.retried))
        returning d.*, o.at, old, d as new
      ), changed as (
        select r.old, r.new from risen r
      ), \(StatisticsSQL.changes(tables))
      \(tables.sayWhatIsDue ? dueAgain : "select")
      """, values(run))
  }

  private static let retried = DeliveryStatus.allCases.filter(\.canBeRetried)
    .map { "'\($0.rawValue)'" }.joined(separator: ", ")

  private static let noLongerDue = """
    delete from dispatch.due
    using ended e
    where due.app = e.app and due.provider = e.provider and due.lane = e.lane
      and due.position = e.position and due.delivery_id = e.delivery_id
    """

  private var dueAgain: String {
    """
    insert into dispatch.due (app, provider, lane, position, delivery_id, user_id, device_id,
      attempts, due_at, expires_at)
    select r.app, r.provider, r.lane, r.due_position, r.delivery_id, r.user_id, r.device_id,
      r.attempts, r.at, m.expires_at
    from risen r
    cross join lateral (
      select m.expires_at from \(tables.schema).messages m
      where m.app = r.app and m.position = r.position limit 1) m
    """
  }
}
