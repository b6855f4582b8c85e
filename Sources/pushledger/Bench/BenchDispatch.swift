import Foundation
import Ledger
import Postgres
import Providers
import PushCore
import Simulators

extension Bench {
  /// The simulator's time to answer.
  static let providerLatency = Duration.milliseconds(2)
  private static let bareInFlight = 1_000

  /// From due to recorded, against the transport alone.
  func dispatches(_ site: BenchSite, _ path: String) async throws -> [BenchLine] {
    let identity = DemoIdentity()
    let simulator = try await Self.simulator(identity, site)
    let app = AppID(unchecked: "dispatch")
    try await fill(app, site, path)
    try await site.withPool { pool in
      try await Self.addCredential(identity, simulator, to: app, pool, site.masterKeys)
    }
    let due = try await Self.due(app, through: .apns, site)
    let seconds = try await drain(app, through: .apns, site)
    let received = simulator.receivedCounts.accepted
    guard received == due else { throw BenchError.lost(due: due, received: received) }
    let bare = try await bareTransport(identity, simulator, due, site)
    await simulator.stop()
    return [
      BenchLine(
        what: "due to recorded, APNs at 2 ms", value: Double(due) / seconds,
        unit: "pushes a second", goal: .atLeast(8_000),
        yardstick: BenchLine.Yardstick(what: "the bare transport", value: bare, ratio: 0.6))
    ]
  }

  static func simulator(
    _ identity: DemoIdentity, _ site: BenchSite
  ) async throws -> APNsSimulator {
    var configuration = APNsSimulator.Configuration()
    configuration.keys = [identity.simulatorKey]
    configuration.latency = providerLatency
    return try await APNsSimulator.start(configuration, logger: site.logger)
  }

  static func addCredential(
    _ identity: DemoIdentity, _ simulator: APNsSimulator, to app: AppID, _ pool: PostgresPool,
    _ masterKeys: MasterKeys
  ) async throws {
    try await ProviderCredentials(pool, keys: masterKeys).add(
      "simulator", provider: .apns, of: app,
      settings: DemoIdentity.settings(
        port: simulator.port, trustRoot: simulator.caCertificatePEM),
      secret: identity.privateKeyPEM)
  }

  /// The same number of pushes with no ledger behind them.
  ///
  /// - Returns: Pushes a second.
  private func bareTransport(
    _ identity: DemoIdentity, _ simulator: APNsSimulator, _ count: Int, _ site: BenchSite
  ) async throws -> Double {
    let app = AppID(unchecked: "bare")
    let credential = try ProviderCredential(
      StoredCredential(
        app: app, provider: .apns, id: "bare", topics: [], environment: nil,
        settings: DemoIdentity.settings(
          port: simulator.port, trustRoot: simulator.caCertificatePEM),
        secret: SecretText(identity.privateKeyPEM)))
    var apns = APNsConfiguration()
    apns.connections = try site.settings.number(.apnsConnections)
    let provider = APNsProvider(configuration: apns, logger: site.logger)
    let expiresAt =
      Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) + .seconds(3_600)
    let watch = Stopwatch()
    let failures = await withTaskGroup(of: Int.self) { group in
      for lane in 0..<Self.bareInFlight {
        group.addTask {
          var failures = 0
          for number in stride(from: lane, to: count, by: Self.bareInFlight) {
            let request = PushRequest(
              app: app, deliveryID: UUID(), attempt: 1, token: BenchHistory.token(number % 1_000),
              topic: BenchHistory.topic, environment: .production,
              notification: Notification(
                text: "User 1(Group 1):a line of about the length that people write in a chat",
                sound: "default", badge: 1, threadID: "group/g1"),
              expiresAt: expiresAt)
            let result = await provider.send(request, with: credential, deadline: .seconds(10))
            if result.outcome != .accepted { failures += 1 }
          }
          return failures
        }
      }
      return await group.reduce(0, +)
    }
    let seconds = watch.seconds
    await provider.shutdown(within: .seconds(1))
    guard failures == 0 else { throw BenchError.refused(failures) }
    return Double(count) / seconds
  }
}
