import Foundation
import Postgres
import PushCore

/// The statement that looks at rows from the newest to the oldest and gives those that a filter
/// wants.
///
/// It first finds where the rows end that it may look at, by an index; a message's rows are looked
/// at all or not at all. Then it reads that much of the index and no more, in its order.
struct DeliveryStatement: Sendable {
  /// Messages of a group that are looked at at a time: their members may be many or few.
  private static let groupMessages: Int64 = 500

  let app: AppID
  let filter: DeliveryFilter

  /// Rows: where the looking ended, how many rows were looked at, and ``ListedDelivery/columns``,
  /// which are null in the one row that stands there where nothing was found.
  ///
  /// - Parameters:
  ///   - low: Places after it, up to and with `high`.
  ///   - below: Of the rows at `high`, those with a lower id; nil: all of them.
  func call(
    low: Position, high: Position, below: UUID?, budget: Int64, limit: Int64
  ) -> PostgresCall {
    var conditions = SQLConditions(after: [app.rawValue, low, high, below, budget, limit])
    // What chooses the index stands within; what only leaves rows out stands around it.
    let source =
      if let user = filter.user {
        byUser(user, &conditions)
      } else if let group = filter.group {
        byGroup(group, &conditions)
      } else {
        byPosition()
      }
    if filter.user != nil, let group = filter.group {
      conditions.add(ConversationKey.group(group).storedName) { "d.conversation = \($0)" }
    }
    let inner = conditions.text
    var outer = SQLConditions(after: conditions.values)
    filter.addKinds(to: &outer, "d")
    let columns = ListedDelivery.columns.map { "v.\($0.name)" }.joined(separator: ", ")
    return PostgresCall(
      """
      with edge as materialized (\(source.edge)),
      hits as materialized (
        select d.position, d.delivery_id from (\(source.rows)) d
        where (d.position < $3 or $4::uuid is null or d.delivery_id < $4)\(inner)\(outer.text)
        order by d.position desc, d.delivery_id desc limit $6)
      select e.low, e.looked, \(columns) from edge e
      left join (
        hits h join pushledger.deliveries v on v.app = $1 and v.delivery_id = h.delivery_id) on true
      order by v.position desc, v.delivery_id desc
      """, outer.values)
  }

  private struct Source {
    /// One row: the place that looking ends after, and the rows until there.
    var edge: String
    var rows: String
  }

  private static let columns = """
    d.position, d.delivery_id, d.conversation, d.provider, d.platform, d.app_version, d.status,
    d.reason
    """

  private func byPosition() -> Source {
    let kept =
      filter.isOfFailed ? " and d.status in ('rejected', 'token_invalid', 'expired')" : ""
    return walk(kept)
  }

  private func byUser(_ user: UserID, _ conditions: inout SQLConditions) -> Source {
    conditions.values.add(user.rawValue)
    return walk(" and d.user_id = $\(conditions.values.count)")
  }

  private func walk(_ kept: String) -> Source {
    let range = "d.app = $1 and d.position > $2 and d.position <= $3\(kept)"
    return Source(
      edge: """
        select case when count(*) < $5 then $2 else min(w.position) - 1 end as low,
          count(*) as looked
        from (
          select d.position from notifications_v1.deliveries d where \(range)
          order by d.position desc limit $5) w
        """,
      rows: """
        select \(Self.columns) from notifications_v1.deliveries d
        where \(range) and d.position > (select low from edge)
        order by d.position desc, d.delivery_id desc offset 0
        """)
  }

  /// By the group's messages. How many rows one has is known of what was pushed, and small else.
  private func byGroup(_ group: GroupID, _ conditions: inout SQLConditions) -> Source {
    conditions.values.add(ConversationKey.group(group).storedName)
    let range = """
      m.app = $1 and m.conversation = $\(conditions.values.count) and m.position > $2
      and m.position <= $3
      """
    return Source(
      edge: """
        select case
            when count(*) < \(Self.groupMessages) and coalesce(max(w.rows), 0) < $5 then $2
            else min(w.position) - 1 end as low,
          coalesce(max(w.rows), 0)::bigint as looked
        from (
          select m.position,
            sum(m.pushes + 1) over (order by m.position desc rows unbounded preceding) as rows,
            sum(m.pushes + 1) over (
              order by m.position desc rows between unbounded preceding and 1 preceding) as before
          from notifications_v1.messages m where \(range)
          order by m.position desc limit \(Self.groupMessages)) w
        where coalesce(w.before, 0) < $5
        """,
      rows: """
        select \(Self.columns) from (
          select m.position from notifications_v1.messages m
          where \(range) and m.position > (select low from edge)
          order by m.position desc offset 0) m
        cross join lateral (
          select * from notifications_v1.deliveries d
          where d.app = $1 and d.position = m.position offset 0) d
        """)
  }
}
