public import Postgres
public import PushCore

/// How far a projection has followed an app's ledger.
public struct ProjectionReport: Sendable, Equatable {
  public var name: String
  /// Whether reads show this one.
  public var serves: Bool
  /// Its checkpoint.
  public var position: Position
  public var head: Position
  /// For how long the oldest event that it lacks has been in the ledger; 0 where it lacks none.
  public var lagSeconds: Double
  public var condition: ProjectionState.Condition
  /// The event that cannot be folded, and why, where it stands still before one.
  public var failedPosition: Position?
  public var failure: String?

  public var lagEvents: Int64 { max(0, head - position) }

  /// Whether it is the one that says what is pushed, as readers see it.
  public var saysWhatIsPushed: Bool { serves && name == ProjectionTables.projection }
}

extension NotificationsReader {
  /// The projections of an app; empty where there is no such app.
  public func projections(of app: AppID) async throws(PostgresError) -> [ProjectionReport] {
    let rows = try await pool.query(
      """
      select projection, serves, position, head, lag_seconds, paused_at is not null,
        failed_position, failure, mended_to
      from pushledger.projection_status where app = $1 order by projection
      """, parameters(app))
    return try rows.map { row throws(PostgresError) in
      let failed: Position? = try row.optional(6)
      return ProjectionReport(
        name: try row.get(0), serves: try row.get(1), position: try row.get(2),
        head: try row.get(3), lagSeconds: try row.get(4),
        condition: .init(
          isPaused: try row.get(5), failedPosition: failed, mendedTo: try row.optional(8)),
        failedPosition: failed, failure: try row.optional(7))
    }
  }
}
