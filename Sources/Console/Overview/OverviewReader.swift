import Ledger
import Postgres
import Projections
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
    var condition: ProjectionState.Condition
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
    /// Of those of the stage before.
    var share: Double?

    init(name: String, number: Int64, of before: Int64 = 0) {
      self.name = name
      self.number = number
      share = before > 0 ? Double(number) / Double(before) : nil
    }
  }

  /// Deliveries of one provider in one step.
  struct Outcomes: Sendable {
    var pushes: Int64 = 0
    var accepted: Int64 = 0
    var refused: Int64 = 0
    var expired: Int64 = 0
    var cancelled: Int64 = 0
    var due: Int64 = 0
    var attempted: Int64 = 0
    var delivered: Int64 = 0
    var opened: Int64 = 0

    static func + (left: Outcomes, right: Outcomes) -> Outcomes {
      Outcomes(
        pushes: left.pushes + right.pushes, accepted: left.accepted + right.accepted,
        refused: left.refused + right.refused, expired: left.expired + right.expired,
        cancelled: left.cancelled + right.cancelled, due: left.due + right.due,
        attempted: left.attempted + right.attempted, delivered: left.delivered + right.delivered,
        opened: left.opened + right.opened)
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
  /// Messages of each step.
  var messages: [Int64] = []
  /// Decisions against a push.
  var suppressed: Int64 = 0
  /// By provider, then step.
  var outcomes: [String: [Outcomes]] = [:]
  var failures: [Reason] = []
  var suppressions: [Reason] = []

  /// How many messages, decisions and pushes got how far, as `pushledger.funnel` has it.
  var funnel: [Stage] {
    let sum = outcomes.values.joined().reduce(Outcomes(), +)
    let decided = sum.pushes + suppressed
    return [
      Stage(name: "sent", number: messages.reduce(0, +)), Stage(name: "decided", number: decided),
      Stage(name: "due", number: sum.pushes, of: decided),
      Stage(name: "attempted", number: sum.attempted, of: sum.pushes),
      Stage(name: "accepted", number: sum.accepted, of: sum.attempted),
      Stage(name: "delivered", number: sum.delivered, of: sum.accepted),
      Stage(name: "opened", number: sum.opened, of: sum.delivered),
    ]
  }
}

/// Reads the overview of an app in one trip to the database. It grows with the providers, versions
/// and reasons of an hour; not with messages or deliveries.
struct OverviewReader: Sendable {
  /// Reasons in a list.
  static let reasons = 10

  let pool: PostgresPool

  func read(
    _ app: AppID, _ span: OverviewSpan, from start: Timestamp
  ) async throws -> OverviewFacts {
    let end = start + .seconds(span.stepSeconds * Int64(span.steps))
    let calls = Self.nowCalls(app) + Self.spanCalls(app, span, start, end)
    let results = try await pool.withConnection { connection in
      try await connection.pipeline(calls)
    }
    var facts = try Self.now(results)
    facts.messages = Array(repeating: 0, count: span.steps)
    for row in results[4] {
      let step = Int(try row.get(0, as: Int64.self))
      if facts.messages.indices.contains(step) { facts.messages[step] = try row.get(1) }
    }
    for row in results[5] {
      if let step = try row.optional(1, as: Int64.self).map({ Int($0) }) {
        guard (0..<span.steps).contains(step) else { continue }
        facts.outcomes[
          try row.get(0), default: Array(repeating: OverviewFacts.Outcomes(), count: span.steps)][
            step] = try Self.outcomes(row)
      } else {
        try Self.add(row, to: &facts)
      }
    }
    facts.failures = Self.most(facts.failures)
    facts.suppressions = Self.most(facts.suppressions)
    return facts
  }

  // MARK: Now

  private static func nowCalls(_ app: AppID) -> [PostgresCall] {
    [
      PostgresCall(
        """
        select projection, serves, position, head, lag_events, lag_seconds, paused_at is not null,
          failed_position, mended_to
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
      let failed: Position? = try row.optional(7)
      return OverviewFacts.Projection(
        name: try row.get(0), serves: try row.get(1), position: try row.get(2),
        head: try row.get(3), lagEvents: try row.get(4), lagSeconds: try row.get(5),
        condition: .init(
          isPaused: try row.get(6), failedPosition: failed, mendedTo: try row.optional(8)),
        failedPosition: failed)
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

  private static func spanCalls(
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
      // The hours are read once, for the steps as for the reasons.
      PostgresCall(
        """
        with counted as materialized (
          select provider, \(step) as step, status, reason, sum(deliveries) as deliveries,
            sum(attempted) as attempted, sum(delivered) as delivered, sum(opened) as opened
          from pushledger.hourly_deliveries
          where app = $1 and hour >= $2 and hour < $3 group by 1, 2, 3, 4
        )
        select provider, step, null, null, sum(deliveries)::bigint,
          coalesce(sum(deliveries) filter (where status = 'accepted'), 0)::bigint,
          coalesce(sum(deliveries) filter (
            where status in ('rejected', 'token_invalid')), 0)::bigint,
          coalesce(sum(deliveries) filter (where status = 'expired'), 0)::bigint,
          coalesce(sum(deliveries) filter (where status = 'cancelled'), 0)::bigint,
          coalesce(sum(deliveries) filter (where status = 'due'), 0)::bigint,
          sum(attempted)::bigint, sum(delivered)::bigint, sum(opened)::bigint
        from counted where status <> 'suppressed' group by 1, 2
        union all
        select case when status = 'suppressed' then '' else provider end, null, status, reason,
          sum(deliveries)::bigint, 0, 0, 0, 0, 0, 0, 0, 0
        from counted where status in ('rejected', 'token_invalid', 'expired', 'suppressed')
        group by 1, 3, 4
        """, values),
    ]
  }

  private static func outcomes(_ row: PostgresRow) throws(PostgresError) -> OverviewFacts.Outcomes {
    OverviewFacts.Outcomes(
      pushes: try row.get(4), accepted: try row.get(5), refused: try row.get(6),
      expired: try row.get(7), cancelled: try row.get(8), due: try row.get(9),
      attempted: try row.get(10), delivered: try row.get(11), opened: try row.get(12))
  }

  private static func add(_ row: PostgresRow, to facts: inout OverviewFacts) throws(PostgresError) {
    var reason = OverviewFacts.Reason(
      reason: try row.get(3), provider: try row.get(0), status: try row.get(2),
      number: try row.get(4))
    if reason.status == DeliveryStatus.suppressed.rawValue {
      reason.sentence = SuppressionReason(rawValue: reason.reason)?.rule.sentence
      facts.suppressed += reason.number
      facts.suppressions.append(reason)
    } else {
      facts.failures.append(reason)
    }
  }

  private static func most(_ reasons: [OverviewFacts.Reason]) -> [OverviewFacts.Reason] {
    Array(
      reasons.sorted {
        ($1.number, $0.reason, $0.provider, $0.status)
          < ($0.number, $1.reason, $1.provider, $1.status)
      }.prefix(Self.reasons))
  }
}
