import Ledger
import Postgres
import PushCore

/// What the reactors have before them, as the API and `status` show it.
struct ReactionReport: Sendable {
  struct Webhook: Sendable {
    var app: String
    var sdkAppID: Int64
    var behind: Int64
    var failures: Int32
    var failingSince: Timestamp?
    var retryAt: Timestamp?
    var reason: String?
    /// Whether a reactor is at it.
    var isHeld: Bool
  }

  struct Broadcast: Sendable {
    var app: String
    var id: String
    var state: String
    var startedAt: Timestamp
    var recipients: Int64
    var total: Int64
  }

  var webhooks: [Webhook]
  /// Those that are not finished.
  var broadcasts: [Broadcast]

  /// - Parameter app: Nil: all apps.
  static func read(_ pool: PostgresPool, of app: AppID? = nil) async throws -> ReactionReport {
    let webhooks = try await pool.query(
      """
      select app, sdkappid, behind, failures, failing_since, retry_at, reason, is_held
      from pushledger.webhooks where $1::text is null or app = $1 order by app, sdkappid
      """, [app?.rawValue])
    let broadcasts = try await pool.query(
      """
      select app, broadcast_id, state, started_at, recipients, total
      from pushledger.broadcasts where ($1::text is null or app = $1) and state <> 'finished'
      order by app, position limit 100
      """, [app?.rawValue])
    return ReactionReport(
      webhooks: try webhooks.map { row in
        Webhook(
          app: try row.get(0), sdkAppID: try row.get(1), behind: try row.get(2),
          failures: try row.get(3), failingSince: try row.optionalTimestamp(4),
          retryAt: try row.optionalTimestamp(5),
          reason: try row.optional(6), isHeld: try row.get(7))
      },
      broadcasts: try broadcasts.map { row in
        Broadcast(
          app: try row.get(0), id: try row.get(1), state: try row.get(2),
          startedAt: try row.timestamp(3), recipients: try row.get(4),
          total: try row.get(5))
      })
  }

  /// The part of one app.
  func part(of app: String) -> ReactionReport {
    ReactionReport(
      webhooks: webhooks.filter { $0.app == app }, broadcasts: broadcasts.filter { $0.app == app })
  }

  var json: JSON {
    [
      "webhooks": .array(webhooks.map(\.json)), "broadcasts": .array(broadcasts.map(\.json)),
    ]
  }
}

extension ReactionReport.Webhook {
  fileprivate var json: JSON {
    [
      "sdkappid": .integer(sdkAppID), "behind": .integer(behind),
      "failures": .integer(Int64(failures)),
      "failing_since": failingSince.map { JSON($0) } ?? .null,
      "retry_at": retryAt.map { JSON($0) } ?? .null,
      "reason": reason.map { .string($0) } ?? .null, "held": .bool(isHeld),
    ]
  }
}

extension ReactionReport.Broadcast {
  fileprivate var json: JSON {
    [
      "broadcast": .string(id), "state": .string(state), "started_at": JSON(startedAt),
      "recipients": .integer(recipients), "total": .integer(total),
    ]
  }
}
