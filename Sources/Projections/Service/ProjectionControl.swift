import Ledger
public import Postgres
public import PushCore

/// A projection of an app, as those who run it see it.
public struct ProjectionState: Sendable, Equatable {
  public enum Condition: String, Sendable {
    /// It follows the ledger.
    case follows
    case paused
    /// It stands still before an event that cannot be folded.
    case failed
    /// It took over from one that was behind, and sets right what is due before it folds more.
    case mending

    /// - Parameters: As `pushledger.projection_status` has them.
    public init(isPaused: Bool, failedPosition: Position?, mendedTo: Position?) {
      self =
        failedPosition != nil
        ? .failed : isPaused ? .paused : mendedTo != nil ? .mending : .follows
    }
  }

  public var app: AppID
  public var projection: ProjectionName
  /// Whether it is being rebuilt beside the one that serves.
  public var isBeside: Bool
  public var position: Position
  public var head: Position
  public var lagSeconds: Double
  public var condition: Condition
  public var failedPosition: Position?
  public var failure: String?
  /// The process that folds it at the moment.
  public var owner: String?

  public var lag: Int64 { max(0, head - position) }

  /// Whether it is the one that says what is pushed, as readers see it.
  public var saysWhatIsPushed: Bool {
    !isBeside && projection.rawValue == ProjectionTables.projection
  }
}

/// Lets projections stand still and go on.
public struct ProjectionControl: Sendable {
  public enum Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    case unknown(String, known: [String])
    case notFailed(AppID, Position)

    public var description: String {
      switch self {
      case .unknown(let name, let known):
        "There is no projection named \"\(name)\"; there is \(known.joined(separator: ", "))."
      case .notFailed(let app, let position):
        "The projection does not stand still before position \(position) of \(app). See where it "
          + "stands with: pushledger projections status --app \(app)"
      }
    }
  }

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// - Throws: ``Refusal/unknown(_:known:)``
  public func require(_ name: String) async throws -> ProjectionName {
    let rows = try await pool.query("select projection from ledger.projections order by 1")
    let known = try rows.map { try $0.get(0, as: String.self) }
    guard known.contains(name) else { throw Refusal.unknown(name, known: known) }
    return ProjectionName(unchecked: name)
  }

  /// - Parameters:
  ///   - name: Nil: all projections.
  ///   - app: Nil: all apps.
  public func states(of name: ProjectionName? = nil, app: AppID? = nil) async throws
    -> [ProjectionState]
  {
    let rows = try await pool.query(
      """
      select s.app, s.projection, s.serves, s.position, s.head, s.lag_seconds,
        c.paused_at is not null, c.failed_position, c.failure,
        case when c.leased_until > clock_timestamp() then c.owner end, s.mended_to
      from pushledger.projection_status s
      left join ledger.checkpoints c on c.app = s.app
        and c.projection = s.projection || case when s.serves then '' else '/next' end
      where ($1::text is null or s.projection = $1) and ($2::text is null or s.app = $2)
      order by s.projection, s.serves desc, s.app
      """, [name?.rawValue, app?.rawValue])
    return try rows.map { row in
      let failed: Position? = try row.optional(7)
      return ProjectionState(
        app: AppID(unchecked: try row.get(0)),
        projection: ProjectionName(unchecked: try row.get(1)), isBeside: try !row.get(2),
        position: try row.get(3), head: try row.get(4), lagSeconds: try row.get(5),
        condition: .init(
          isPaused: try row.get(6), failedPosition: failed, mendedTo: try row.optional(10)),
        failedPosition: failed, failure: try row.optional(8), owner: try row.optional(9))
    }
  }

  /// Lets a projection stand still: the batch under way is finished. What is due goes on being
  /// pushed; nothing new becomes due.
  public func pause(_ name: ProjectionName, app: AppID?) async throws -> Int {
    let result = try await pool.query(
      """
      insert into ledger.checkpoints (app, projection, position, updated_at, paused_at)
      select a.app, $1, 0, now(), now() from ledger.apps a where $2::text is null or a.app = $2
      on conflict (app, projection) do update
        set paused_at = coalesce(checkpoints.paused_at, excluded.paused_at)
      returning app
      """, [name.rawValue, app?.rawValue])
    return result.count
  }

  /// Lets it go on: after a pause, or to try an event again that could not be folded.
  public func resume(_ name: ProjectionName, app: AppID?) async throws -> Int {
    let result = try await pool.query(
      """
      update ledger.checkpoints
      set paused_at = null, failed_at = null, failed_position = null, failure = null
      where projection in ($1, $1 || '/next') and ($2::text is null or app = $2)
        and (paused_at is not null or failed_at is not null)
      returning pg_notify($3, app), app
      """, [name.rawValue, app?.rawValue, LedgerChannels.events])
    return result.count
  }

  /// Leaves an event out that cannot be folded, for good: the skip is an event itself.
  /// - Throws: ``Refusal/notFailed(_:_:)``
  public func skip(
    _ name: ProjectionName, of app: AppID, at position: Position, reason: String?, now: Timestamp
  ) async throws {
    let stands = try await states(of: name, app: app).contains { $0.failedPosition == position }
    guard stands else { throw Refusal.notFailed(app, position) }
    let call = AppendStatement.call(
      [
        NewEvent(
          id: EventID.skip(position, of: name, app: app), type: .eventSkipped,
          stream: .projection(name.rawValue), occurredAt: now,
          data: JSON.object(present: [
            ("projection", .string(name.rawValue)), ("position", .integer(position)),
            ("reason", reason.map { .string($0) }),
          ]).serialized(), content: nil)
      ], to: app)
    _ = try await pool.query(call.sql, call.parameters)
    _ = try await resume(name, app: app)
  }
}
