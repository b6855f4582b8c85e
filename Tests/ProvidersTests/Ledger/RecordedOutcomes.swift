import Ledger
import Logging
import Postgres
import Projections
import PushCore
import PushDispatch
import ServiceLifecycle
import Simulators
import Synchronization
import TestSupport

@testable import Providers

import struct Foundation.UUID

/// What a row of a provider's table has to become in the ledger.
struct LedgerRow: Sendable {
  /// As the simulator is told it.
  var fate: String
  var outcome: AttemptOutcome
  var reason: String?

  init(_ fate: String, _ outcome: AttemptOutcome, _ reason: String?) {
    self.fate = fate
    self.outcome = outcome
    self.reason = reason
  }

  init(_ row: VendorRow) {
    self.init(
      String(row.code), row.outcome, row.outcome == .accepted ? nil : String(row.code))
  }

  /// As ``RecordedOutcomes`` writes what it read.
  var text: String { "\(fate): \(outcome.rawValue) \(reason ?? "-")" }
}

/// Sends through the dispatcher and reads in the ledger what became of it: each row to a device of
/// an app of its own, so that a refused credential keeps no other row from being sent.
struct RecordedOutcomes {
  private static let sentAt = Timestamp(microseconds: 1_700_000_000_000_000)

  let provider: any PushProvider
  var topics: [String] = []
  var settings: JSON
  var secret: String

  init(
    _ provider: any PushProvider, topics: [String] = [], settings: [(String, JSON)],
    secret: String
  ) {
    self.provider = provider
    self.topics = topics
    self.settings = .object(settings.map { JSON.Member($0, $1) })
    self.secret = secret
  }

  init(_ rig: APNsRig) {
    provider = rig.provider
    topics = rig.stored.topics
    settings = rig.stored.settings
    secret = rig.stored.secret.reveal()
  }

  init<Channel, Simulation>(_ rig: VendorRig<Channel, Simulation>) {
    provider = rig.provider
    topics = rig.stored.topics
    settings = rig.stored.settings
    secret = rig.stored.secret.reveal()
  }

  /// - Parameter pushes: Fates, and the tokens that have them.
  /// - Returns: A line for each, in their order, as ``LedgerRow/text``.
  func record(_ pushes: [(fate: String, token: String)]) async throws -> [String] {
    let lines = Mutex<[String]>([])
    try await withTestDatabase { url in
      let postgres = PostgresConfiguration(url, statementTimeout: .seconds(60))
      try await Migrator(postgres, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(postgres, limit: 8, logger: TestDatabase.logger)
      let keys = MasterKeys.random()
      let apps = pushes.indices.map { AppID(unchecked: "row-\($0)") }
      for (app, push) in zip(apps, pushes) { try await fill(app, push.token, pool, keys) }
      let attempts = try await dispatch(apps, postgres, pool, keys)
      lines.withLock { $0 = zip(pushes, attempts).map { "\($0.fate): \($1)" } }
      await pool.close()
    }
    return lines.withLock { $0 }
  }

  /// A credential, a device, and a message to it that is decided.
  private func fill(
    _ app: AppID, _ token: String, _ pool: PostgresPool, _ keys: MasterKeys
  ) async throws {
    try await Apps(pool).create(app)
    try await ProviderCredentials(pool, keys: keys).add(
      "main", provider: provider.name, of: app, topics: topics, settings: settings,
      secret: secret)
    let events: [JSON] = [
      [
        "type": "device.registered",
        "data": [
          "user": "bob", "device": "phone", "platform": "other",
          "provider": .string(provider.name.rawValue),
        ], "content": ["token": .string(token)],
      ],
      [
        "type": "message.sent",
        "data": [
          "message_id": "m", "from": "ann", "conversation": ["user": "bob"],
          "expires_at": "2999-01-01T00:00:00Z",
        ],
        "content": ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]],
      ],
    ]
    let call = AppendStatement.call(
      try events.map {
        try EventDoor.event(from: $0, makeID: { UUID() }, now: Self.sentAt)
      }, to: app)
    _ = try await pool.query(call.sql, call.parameters)
    let projector = Projector(pool: pool, listener: nil, logger: TestDatabase.logger)
    try await projector.catchUp(app)
    try await projector.release()
  }

  /// - Returns: Outcome and reason of each app's first attempt.
  private func dispatch(
    _ apps: [AppID], _ postgres: PostgresConfiguration, _ pool: PostgresPool, _ keys: MasterKeys
  ) async throws -> [String] {
    let listener = PostgresListener(
      postgres, channels: DispatchChannels.all, logger: TestDatabase.logger)
    var configuration = DispatcherConfiguration()
    configuration.pollInterval = .milliseconds(100)
    let dispatcher = Dispatcher(
      pool: pool, listener: listener, masterKeys: keys, providers: [provider],
      configuration: configuration, logger: TestDatabase.logger)
    let group = ServiceGroup(services: [dispatcher], logger: TestDatabase.logger)
    let work = Task { try await group.run() }
    var recorded: Int64 = 0
    while recorded < apps.count {
      try await Task.sleep(for: .milliseconds(20))
      recorded = try await pool.query(
        "select count(distinct app) from ledger.events where type = 'push.attempted'")[0].get(0)
    }
    let rows = try await pool.query(
      """
      select e.outcome, e.reason from unnest($1::text[]) with ordinality as a (app, number)
      cross join lateral (
        select data ->> 'outcome' as outcome, coalesce(data ->> 'reason', '-') as reason
        from ledger.events where app = a.app and type = 'push.attempted'
        order by position limit 1) e
      order by a.number
      """, Self.parameters(apps))
    await group.triggerGracefulShutdown()
    try await work.value
    await listener.close()
    return try rows.map { "\(try $0.get(0, as: String.self)) \(try $0.get(1, as: String.self))" }
  }

  private static func parameters(_ apps: [AppID]) -> PostgresParameters {
    var values = PostgresParameters()
    values.add(array: apps.map(\.rawValue))
    return values
  }
}
