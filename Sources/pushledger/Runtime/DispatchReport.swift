import Postgres
import PushCore

/// What `pushledger.dispatch_status` says, as the API and `status` show it.
struct DispatchReport: Sendable {
  struct Line: Sendable {
    var app: AppID
    var provider: String
    /// What nothing of it can be sent for, such as `no_credential`; nil: it can be sent.
    var lacks: String?
    var due: Int64
    /// Of these, those that wait for the time of their next try.
    var backingOff: Int64
    var oldestDueAt: Timestamp?
    /// Lanes of the app that a dispatcher holds, and how many dispatchers those are.
    var lanesHeld: Int64
    var dispatchers: Int64
  }

  let pool: PostgresPool

  /// - Parameter app: Nil: all apps.
  func lines(of app: AppID? = nil) async throws -> [Line] {
    let rows = try await pool.query(
      """
      select app, provider, lacks, due, backing_off, oldest_due_at, lanes_held, dispatchers
      from pushledger.dispatch_status where $1::text is null or app = $1
      order by app, provider, lacks nulls first
      """, [app?.rawValue])
    return try rows.map { row in
      Line(
        app: AppID(unchecked: try row.get(0)), provider: try row.get(1),
        lacks: try row.optional(2), due: try row.get(3), backingOff: try row.get(4),
        oldestDueAt: try row.optional(5, as: PostgresTimestamp.self)
          .map { Timestamp(microseconds: $0.microseconds) },
        lanesHeld: try row.get(6), dispatchers: try row.get(7))
    }
  }

  func json(of app: AppID) async throws -> JSON? {
    .array(try await lines(of: app).map(Self.json))
  }

  static func json(_ line: Line) -> JSON {
    [
      "provider": .string(line.provider), "lacks": line.lacks.map { .string($0) } ?? .null,
      "due": .integer(line.due), "backing_off": .integer(line.backingOff),
      "oldest_due_at": line.oldestDueAt.map { .string($0.description) } ?? .null,
      "lanes_held": .integer(line.lanesHeld), "dispatchers": .integer(line.dispatchers),
    ]
  }
}
