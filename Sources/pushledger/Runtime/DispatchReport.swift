import Postgres
import PushCore

/// What `pushledger.dispatch_status` says, as the API and `status` show it.
struct DispatchReport: Sendable {
  struct Line: Sendable {
    var app: AppID
    var provider: String
    var due: Int64
    var oldestDueAt: Timestamp?
    /// Due, but there is nothing to send it with.
    var hasCredential: Bool
    var heldLanes: Int64
  }

  let pool: PostgresPool

  /// - Parameter app: Nil: all apps.
  func lines(of app: AppID? = nil) async throws -> [Line] {
    let rows = try await pool.query(
      """
      select d.app, d.provider, count(*), min(d.due_at),
        exists (select from ledger.provider_credentials c
          where c.app = d.app and c.provider = d.provider),
        0::bigint
      from dispatch.due d where $1::text is null or d.app = $1
      group by d.app, d.provider order by d.app, d.provider
      """, [app?.rawValue])
    return try rows.map { row in
      Line(
        app: AppID(unchecked: try row.get(0)), provider: try row.get(1), due: try row.get(2),
        oldestDueAt: try row.optional(3, as: PostgresTimestamp.self)
          .map { Timestamp(microseconds: $0.microseconds) },
        hasCredential: try row.get(4), heldLanes: try row.get(5))
    }
  }

  func json(of app: AppID) async throws -> JSON? {
    .array(try await lines(of: app).map(Self.json))
  }

  static func json(_ line: Line) -> JSON {
    [
      "provider": .string(line.provider), "due": .integer(line.due),
      "oldest_due_at": line.oldestDueAt.map { .string($0.description) } ?? .null,
      "has_credential": .bool(line.hasCredential),
    ]
  }
}
