import Ledger
import Postgres
import Projections
import PushCore

/// What the page shows of an app.
struct OperateFacts: Sendable {
  struct AuditEntry: Sendable {
    var at: Timestamp
    var keyID: String
    var action: String
    var subject: JSON
  }

  /// An event that says what an operator did.
  struct OperatorEvent: Sendable {
    var position: Position
    var type: String
    var recordedAt: Timestamp
    var data: JSON
  }

  /// What the server's database user may do.
  struct Rights: Sendable, Equatable {
    /// Pause a projection, let it go on, skip an event.
    var controlsProjections: Bool
    var rebuilds: Bool
  }

  var pauses: [DispatchPause] = []
  /// Those that the app has a credential or a device for.
  var providers: [ProviderName] = []
  /// Deliveries that must still be attempted, by provider.
  var due: [String: BoundedCount] = [:]
  var projections: [ProjectionState] = []
  var rights = Rights(controlsProjections: false, rebuilds: false)
  /// Whether the database holds no other app: a rebuild is one of all.
  var isOnlyApp = false
  /// Whether a rebuild of `notifications` was begun and does not serve yet.
  var isRebuildBegun = false
  var audit: [AuditEntry] = []
  var events: [OperatorEvent] = []

  var allDue: BoundedCount { .sum(due.values) }
}

/// Reads what the page shows. It does not grow with the ledger, nor with what is due.
struct OperateReader: Sendable {
  static let auditEntries: Int64 = 50
  static let operatorEvents: Int64 = 25

  let pool: PostgresPool

  func read(_ app: AppID) async throws -> OperateFacts {
    let results = try await pool.withConnection { connection in
      try await connection.pipeline(Self.calls(app))
    }
    var facts = OperateFacts()
    facts.providers = try results[0].compactMap { row throws(PostgresError) in
      ProviderName(rawValue: try row.get(0))
    }
    for due in try DueNow.all(results[1]) { facts.due[due.provider] = due.due }
    facts.rights = OperateFacts.Rights(
      controlsProjections: try results[2][0].get(0), rebuilds: try results[2][0].get(1))
    facts.isOnlyApp = try results[2][0].get(2)
    facts.isRebuildBegun = try results[2][0].get(3)
    facts.audit = try results[3].map { row throws(PostgresError) in
      OperateFacts.AuditEntry(
        at: try row.timestamp(0), keyID: try row.get(1), action: try row.get(2),
        subject: Self.json(try row.get(3, as: PostgresJSONB.self)))
    }
    facts.events = try results[4].map { row throws(PostgresError) in
      OperateFacts.OperatorEvent(
        position: try row.get(0), type: try row.get(1), recordedAt: try row.timestamp(2),
        data: Self.json(try row.get(3, as: PostgresJSONB.self)))
    }
    facts.pauses = try await DispatchPauses(pool).list(of: app)
    facts.projections = try await ProjectionControl(pool).states(app: app)
    return facts
  }

  private static func json(_ value: PostgresJSONB) -> JSON {
    (try? JSON.parse(value.bytes)) ?? .object([])
  }

  private static func calls(_ app: AppID) -> [PostgresCall] {
    var named = PostgresParameters()
    named.add(app.rawValue)
    named.add(array: ProviderName.allCases.map(\.rawValue))
    return [
      // In the order of an index: it finds none as fast as one, where a scan reads all devices.
      PostgresCall(
        """
        select p.name from unnest($2::text[]) with ordinality as p (name, place)
        where exists (
            select from ledger.provider_credentials c where c.app = $1 and c.provider = p.name)
          or (
            select true from pushledger.devices d where d.app = $1 and d.provider = p.name
            order by d.token_sha256 limit 1)
          or (
            select true from pushledger.fallbacks f where f.app = $1 and f.provider = p.name
            order by f.token_sha256 limit 1)
        order by p.place
        """, named),
      DueNow.call(of: app),
      PostgresCall(
        """
        select has_table_privilege('ledger.checkpoints', 'update'),
          coalesce((
            select bool_and(has_function_privilege(p.oid, 'execute')) from pg_proc p
            where p.pronamespace = 'ledger'::regnamespace
              and p.proname in ('begin_rebuild', 'index_rebuild', 'swap_rebuild', 'drop_served')
          ), false) and has_table_privilege('ledger.checkpoints', 'insert'),
          not exists (select from ledger.apps a where a.app <> $1),
          exists (select from ledger.rebuilds r where r.projection = 'notifications')
        """, [app.rawValue]),
      PostgresCall(
        """
        select at, key_id, action, subject from ledger.audit
        where app = $1 order by entry desc limit $2
        """, [app.rawValue, auditEntries]),
      PostgresCall(
        """
        (
          select position, type, recorded_at, data from pushledger.events
          where app = $1 and type = 'content.erased' order by position desc limit $2
        ) union all (
          select position, type, recorded_at, data from pushledger.events
          where app = $1 and stream >= 'projection/' and stream < 'projection0'
          order by stream desc, position desc limit $2
        ) order by 1 desc limit $2
        """, [app.rawValue, operatorEvents]),
    ]
  }
}
