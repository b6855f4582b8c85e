import Ledger
import Postgres
import PushCore

/// What the overview shows, as the views and the hourly statistics have it.
struct OverviewFacts: Sendable {
  struct Projection: Sendable {
    var name: String
    var serves: Bool
    var position: Position
    var head: Position
    var lagEvents: Int64
    var lagSeconds: Double
    var isPaused: Bool
    var failedPosition: Position?
  }

  struct Circuit: Sendable {
    var provider: String
    /// The credential or the host that it is of.
    var name: String
    var state: String
    var reason: String?
    var retryAt: Timestamp?
  }

  struct RefusedCredential: Sendable {
    var provider: String
    var credential: String
    var reason: String
  }

  struct Stage: Sendable {
    var name: String
    var number: Int64
    var share: Double?
  }

  /// Deliveries of one provider in one step.
  struct Outcomes: Sendable {
    var pushes: Int64 = 0
    var accepted: Int64 = 0
    var refused: Int64 = 0
    var expired: Int64 = 0
    var cancelled: Int64 = 0
    var due: Int64 = 0
    var delivered: Int64 = 0
    var opened: Int64 = 0

    static func + (left: Outcomes, right: Outcomes) -> Outcomes {
      Outcomes(
        pushes: left.pushes + right.pushes, accepted: left.accepted + right.accepted,
        refused: left.refused + right.refused, expired: left.expired + right.expired,
        cancelled: left.cancelled + right.cancelled, due: left.due + right.due,
        delivered: left.delivered + right.delivered, opened: left.opened + right.opened)
    }
  }

  struct Reason: Sendable {
    var reason: String
    var provider: String
    var status: String
    /// What it means; nil: a provider's own word.
    var sentence: String?
    var number: Int64
  }

  var projections: [Projection] = []
  var due: [DueNow] = []
  var circuits: [Circuit] = []
  var refusedCredentials: [RefusedCredential] = []
  var funnel: [Stage] = []
  /// Messages of each step.
  var messages: [Int64] = []
  /// By provider, then step.
  var outcomes: [String: [Outcomes]] = [:]
  var failures: [Reason] = []
  var suppressions: [Reason] = []
}

/// Reads the overview of an app in one trip to the database. It grows with the providers, versions
/// and reasons of an hour; not with messages or deliveries.
struct OverviewReader: Sendable {
  /// Reasons in a list.
  static let reasons: Int64 = 10

  let pool: PostgresPool

  func read(
    _ app: AppID, _ span: OverviewSpan, from start: Timestamp
  ) async throws -> OverviewFacts {
    let end = start + .seconds(span.stepSeconds * Int64(span.steps))
    let calls =
      Self.nowCalls(app)
      + [
        PostgresCall(
          "select stage, number, share_of_previous::float8 from pushledger.funnel($1, $2, $3)",
          [
            app.rawValue, PostgresTimestamp(microseconds: start.microseconds),
            PostgresTimestamp(microseconds: end.microseconds),
          ])
      ] + Self.stepCalls(app, span, start, end) + Self.reasonCalls(app, start, end)
    let results = try await pool.withConnection { connection in
      try await connection.pipeline(calls)
    }
    var facts = try Self.now(results)
    facts.funnel = try results[4].map { row throws(PostgresError) in
      OverviewFacts.Stage(
        name: try row.get(0), number: try row.get(1), share: try row.optional(2))
    }
    facts.messages = Array(repeating: 0, count: span.steps)
    for row in results[5] {
      let step = Int(try row.get(0, as: Int64.self))
      if facts.messages.indices.contains(step) { facts.messages[step] = try row.get(1) }
    }
    for row in results[6] {
      let step = Int(try row.get(1, as: Int64.self))
      guard (0..<span.steps).contains(step) else { continue }
      facts.outcomes[
        try row.get(0), default: Array(repeating: OverviewFacts.Outcomes(), count: span.steps)][
          step] = try Self.outcomes(row)
    }
    facts.failures = try results[7].map(Self.reason)
    facts.suppressions = try results[8].map(Self.reason)
    return facts
  }

  // MARK: Now

  private static func nowCalls(_ app: AppID) -> [PostgresCall] {
    [
      PostgresCall(
        """
        select projection, serves, position, head, lag_events, lag_seconds, paused_at is not null,
          failed_position
        from pushledger.projection_status where app = $1 order by serves desc, projection
        """, [app.rawValue]),
      DueNow.call(of: app),
      PostgresCall(
        """
        select provider, coalesce(credential_id, host, ''), state, min(reason), min(retry_at)
        from pushledger.circuits where (app is null or app = $1) and state <> 'closed'
        group by 1, 2, 3 order by 1, 2, 3
        """, [app.rawValue]),
      PostgresCall(
        """
        select distinct provider, credential_id, reason from pushledger.refused_credentials
        where app = $1 order by 1, 2, 3
        """, [app.rawValue]),
    ]
  }

  private static func now(
    _ results: [PostgresResult]
  ) throws(PostgresError) -> OverviewFacts {
    var facts = OverviewFacts()
    facts.projections = try results[0].map { row throws(PostgresError) in
      OverviewFacts.Projection(
        name: try row.get(0), serves: try row.get(1), position: try row.get(2),
        head: try row.get(3), lagEvents: try row.get(4), lagSeconds: try row.get(5),
        isPaused: try row.get(6), failedPosition: try row.optional(7))
    }
    facts.due = try DueNow.all(results[1])
    facts.circuits = try results[2].map { row throws(PostgresError) in
      OverviewFacts.Circuit(
        provider: try row.get(0), name: try row.get(1), state: try row.get(2),
        reason: try row.optional(3), retryAt: try row.optionalTimestamp(4))
    }
    facts.refusedCredentials = try results[3].map { row throws(PostgresError) in
      OverviewFacts.RefusedCredential(
        provider: try row.get(0), credential: try row.get(1), reason: try row.get(2))
    }
    return facts
  }

  // MARK: The span

  private static func stepCalls(
    _ app: AppID, _ span: OverviewSpan, _ start: Timestamp, _ end: Timestamp
  ) -> [PostgresCall] {
    let values: PostgresParameters = [
      app.rawValue, PostgresTimestamp(microseconds: start.microseconds),
      PostgresTimestamp(microseconds: end.microseconds), span.stepSeconds,
    ]
    let step = "(extract(epoch from hour - $2)::bigint / $4)"
    return [
      PostgresCall(
        """
        select \(step), sum(messages)::bigint from pushledger.hourly_messages
        where app = $1 and hour >= $2 and hour < $3 group by 1
        """, values),
      PostgresCall(
        """
        select provider, \(step), sum(deliveries)::bigint,
          coalesce(sum(deliveries) filter (where status = 'accepted'), 0)::bigint,
          coalesce(sum(deliveries) filter (
            where status in ('rejected', 'token_invalid')), 0)::bigint,
          coalesce(sum(deliveries) filter (where status = 'expired'), 0)::bigint,
          coalesce(sum(deliveries) filter (where status = 'cancelled'), 0)::bigint,
          coalesce(sum(deliveries) filter (where status = 'due'), 0)::bigint,
          sum(delivered)::bigint, sum(opened)::bigint
        from pushledger.hourly_deliveries
        where app = $1 and hour >= $2 and hour < $3 and status <> 'suppressed' group by 1, 2
        """, values),
    ]
  }

  private static func outcomes(_ row: PostgresRow) throws(PostgresError) -> OverviewFacts.Outcomes {
    OverviewFacts.Outcomes(
      pushes: try row.get(2), accepted: try row.get(3), refused: try row.get(4),
      expired: try row.get(5), cancelled: try row.get(6), due: try row.get(7),
      delivered: try row.get(8), opened: try row.get(9))
  }

  private static func reasonCalls(
    _ app: AppID, _ start: Timestamp, _ end: Timestamp
  ) -> [PostgresCall] {
    let values: PostgresParameters = [
      app.rawValue, PostgresTimestamp(microseconds: start.microseconds),
      PostgresTimestamp(microseconds: end.microseconds), reasons,
    ]
    return [
      PostgresCall(
        """
        select reason, provider, status, null::text, sum(deliveries)::bigint
        from pushledger.hourly_deliveries
        where app = $1 and hour >= $2 and hour < $3
          and status in ('rejected', 'token_invalid', 'expired')
        group by 1, 2, 3 order by 5 desc, 1, 2, 3 limit $4
        """, values),
      PostgresCall(
        """
        select h.reason, '', 'suppressed', min(r.sentence), sum(h.deliveries)::bigint
        from pushledger.hourly_deliveries h
        left join pushledger.suppression_rules r on r.reason = h.reason
        where h.app = $1 and h.hour >= $2 and h.hour < $3 and h.status = 'suppressed'
        group by 1 order by 5 desc, 1 limit $4
        """, values),
    ]
  }

  private static func reason(_ row: PostgresRow) throws(PostgresError) -> OverviewFacts.Reason {
    OverviewFacts.Reason(
      reason: try row.get(0), provider: try row.get(1), status: try row.get(2),
      sentence: try row.optional(3), number: try row.get(4))
  }
}
