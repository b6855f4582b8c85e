import Foundation
import Ledger
import Logging
import Postgres
import PushCore
import ServiceLifecycle
import Simulators
import Synchronization

/// The port of the API, once it listens.
final class Listening: Sendable {
  private let ports = AsyncStream.makeStream(of: Int?.self, bufferingPolicy: .bufferingNewest(1))

  func set(_ port: Int?) { ports.continuation.yield(port) }

  func wait() async -> Int? {
    for await port in ports.stream { return port }
    return nil
  }
}

/// The demo: a simulated APNs, an app with a key and a credential, traffic, and what is shown.
struct DemoScene {
  static let app = AppID(unchecked: "demo")
  private static let keyLabel = "demo"

  let simulator: APNsSimulator
  let record: DemoRecord
  let services: [any Service]

  static func prepare(
    pool: PostgresPool, masterKeys: MasterKeys?, listening: Listening, host: String, rate: Int,
    isQuiet: Bool, logger: Logger
  ) async throws -> DemoScene {
    let identity = DemoIdentity()
    var configuration = APNsSimulator.Configuration()
    configuration.keys = [identity.simulatorKey]
    configuration.latency = .milliseconds(2)
    let simulator = try await APNsSimulator.start(configuration, logger: logger)
    let apps = Apps(pool)
    if try await !apps.exists(app) { try await apps.create(app) }
    let credentials = ProviderCredentials(pool, keys: masterKeys)
    for old in try await credentials.list(of: app) {
      try await credentials.remove(old.id, provider: old.provider, of: app)
    }
    try await credentials.add(
      "simulator", provider: .apns, of: app, topics: [Chat.topic],
      settings: DemoIdentity.settings(
        port: simulator.port, trustRoot: simulator.caCertificatePEM),
      secret: identity.privateKeyPEM)
    let keys = APIKeys(pool)
    for old in try await keys.list(of: app) where old.label == Self.keyLabel && old.revokedAt == nil
    {
      try await keys.revoke(old.id, of: app)
    }
    let key = try await keys.create(
      for: app, scopes: [.send, .device, .read], label: Self.keyLabel)
    let record = DemoRecord()
    return DemoScene(
      simulator: simulator, record: record,
      services: [
        DemoPhones(simulator: simulator, record: record, isQuiet: isQuiet),
        DemoTraffic(
          listening: listening, host: host, app: app, key: key.text, rate: rate, record: record,
          isQuiet: isQuiet),
      ])
  }

  /// Stops the simulator and says what came of it all.
  ///
  /// - Throws: ``DemoError`` where something does not add up.
  func finish(_ postgres: PostgresConfiguration, logger: Logger) async throws {
    let pool = PostgresPool(postgres, limit: 2, logger: logger)
    let totals = record.totals
    let received = simulator.receivedCounts
    let report = try await Verifier(pool).verify(Self.app)
    let rows = try await pool.query(
      """
      select status, count(*) from notifications_v1.deliveries
      where app = $1 and status <> 'suppressed' group by status order by status
      """, [Self.app.rawValue])
    let statuses = try rows.map {
      "\(try $0.get(1, as: Int64.self)) \(try $0.get(0, as: String.self))"
    }
    await pool.close()
    await simulator.stop()
    Output.line(
      """

      \(totals.messages.grouped) messages in \(totals.requests.grouped) requests over HTTP, \
      \(totals.failures) refused
      \(received.accepted.grouped) pushes accepted by the simulated APNs, \
      \(simulator.duplicates().count) sent twice
      message accepted to phone: p50 \(totals.latencies.percentile(0.5)) ms, \
      p99 \(totals.latencies.percentile(0.99)) ms
      deliveries of all runs so far: \(statuses.joined(separator: ", "))
      ledger: \(report.events.grouped) events, \
      \(report.flaw.map { "NOT SOUND: \($0)" } ?? "hash chain sound")
      """)
    guard report.isSound, totals.failures == 0, totals.messages == 0 || received.accepted > 0
    else { throw DemoError.doesNotAddUp }
  }
}
