import Ledger
import Postgres
import PushCore

/// What is due, what is paused, what the circuits do and what credentials can't be used, as the API
/// and `status` show it.
struct DispatchReport: Sendable {
  struct Due: Sendable {
    var app: String
    var provider: String
    /// What nothing of it can be sent for, such as `no_credential`; nil: it can be sent.
    var lacks: String?
    var due: Int64
    /// Of these, those that wait for the time of their next try.
    var backingOff: Int64
    /// Of these, those on their way to the provider.
    var inFlight: Int64
    var oldestDueAt: Timestamp?
    /// Lanes of the app that a dispatcher holds, and how many dispatchers those are.
    var lanesHeld: Int64
    var dispatchers: Int64
  }

  struct Circuit: Sendable {
    var dispatcher: String
    var provider: String
    /// Nil for a host's circuit, as the credential.
    var app: String?
    var credential: String?
    var host: String?
    var state: String
    var failures: Int32
    var retryAt: Timestamp?
    var reason: String?
  }

  /// A credential that can't be opened or read.
  struct Refused: Sendable {
    var app: String
    var provider: String
    var credential: String
    var reason: String
    /// How many dispatchers say so.
    var dispatchers: Int64
  }

  var due: [Due]
  var pauses: [DispatchPause]
  var circuits: [Circuit]
  var refused: [Refused]

  /// - Parameter app: Nil: all apps. The hosts' circuits are all apps' matter.
  static func read(_ pool: PostgresPool, of app: AppID? = nil) async throws -> DispatchReport {
    let due = try await pool.query(
      """
      select app, provider, lacks, due, backing_off, in_flight, oldest_due_at, lanes_held,
        dispatchers
      from pushledger.dispatch_status where $1::text is null or app = $1
      order by app, provider, lacks nulls first
      """, [app?.rawValue])
    let circuits = try await pool.query(
      """
      select dispatcher, provider, app, credential_id, host, state, failures, retry_at, reason
      from pushledger.circuits where $1::text is null or app is null or app = $1
      order by provider, app nulls first, credential_id, host, dispatcher
      """, [app?.rawValue])
    let refused = try await pool.query(
      """
      select app, provider, credential_id, reason, count(*) from pushledger.refused_credentials
      where $1::text is null or app = $1
      group by app, provider, credential_id, reason order by app, provider, credential_id, reason
      """, [app?.rawValue])
    let pauses = try await pool.query(
      """
      select app, provider, paused_at, key_id, reason from pushledger.pauses
      where $1::text is null or app = $1 order by app, provider nulls first
      """, [app?.rawValue])
    return DispatchReport(
      due: try due.map { row in
        Due(
          app: try row.get(0), provider: try row.get(1), lacks: try row.optional(2),
          due: try row.get(3), backingOff: try row.get(4), inFlight: try row.get(5),
          oldestDueAt: try row.optionalTimestamp(6), lanesHeld: try row.get(7),
          dispatchers: try row.get(8))
      },
      pauses: try pauses.map { row in
        DispatchPause(
          app: AppID(unchecked: try row.get(0)),
          provider: try row.optional(1, as: String.self).flatMap { ProviderName(rawValue: $0) },
          pausedAt: try row.timestamp(2), keyID: try row.optional(3), reason: try row.optional(4))
      },
      circuits: try circuits.map { row in
        Circuit(
          dispatcher: try row.get(0), provider: try row.get(1), app: try row.optional(2),
          credential: try row.optional(3), host: try row.optional(4), state: try row.get(5),
          failures: try row.get(6), retryAt: try row.optionalTimestamp(7),
          reason: try row.optional(8))
      },
      refused: try refused.map { row in
        Refused(
          app: try row.get(0), provider: try row.get(1), credential: try row.get(2),
          reason: try row.get(3), dispatchers: try row.get(4))
      })
  }

  /// The part of one app.
  func part(of app: String) -> DispatchReport {
    DispatchReport(
      due: due.filter { $0.app == app },
      pauses: pauses.filter { $0.app.rawValue == app },
      circuits: circuits.filter { $0.app == nil || $0.app == app },
      refused: refused.filter { $0.app == app })
  }

  var json: JSON {
    [
      "due": .array(due.map(\.json)), "pauses": .array(pauses.map(\.json)),
      "circuits": .array(circuits.map(\.json)),
      "refused_credentials": .array(refused.map(\.json)),
    ]
  }
}

extension DispatchReport.Due {
  fileprivate var json: JSON {
    [
      "provider": .string(provider), "lacks": JSON(lacks), "due": .integer(due),
      "backing_off": .integer(backingOff), "in_flight": .integer(inFlight),
      "oldest_due_at": JSON(oldestDueAt?.description), "lanes_held": .integer(lanesHeld),
      "dispatchers": .integer(dispatchers),
    ]
  }
}

extension DispatchPause {
  fileprivate var json: JSON {
    [
      "provider": JSON(provider?.rawValue), "paused_at": .string(pausedAt.description),
      "key_id": JSON(keyID), "reason": JSON(reason),
    ]
  }
}

extension DispatchReport.Circuit {
  fileprivate var json: JSON {
    [
      "provider": .string(provider), "credential": JSON(credential), "host": JSON(host),
      "state": .string(state), "failures": .integer(Int64(failures)),
      "retry_at": JSON(retryAt?.description), "reason": JSON(reason),
      "dispatcher": .string(dispatcher),
    ]
  }
}

extension DispatchReport.Refused {
  fileprivate var json: JSON {
    [
      "provider": .string(provider), "credential": .string(credential), "reason": .string(reason),
      "dispatchers": .integer(dispatchers),
    ]
  }
}

extension JSON {
  fileprivate init(_ text: String?) { self = text.map { .string($0) } ?? .null }
}
