import CryptoExtras
import Foundation
import Ledger
import Postgres
import Projections
import Providers
import PushCore
import Simulators

/// A service account made for one run, and what a simulator must know of it.
struct FCMIdentity: Sendable {
  private static let project = "bench"

  let file: JSON

  init() throws {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    file = [
      "type": "service_account", "project_id": .string(Self.project), "private_key_id": "bench",
      "private_key": .string(key.pkcs8PEMRepresentation),
      "client_email": "bench@bench.iam.gserviceaccount.com",
      "token_uri": "https://oauth2.googleapis.com/token",
    ]
  }

  var secret: String { String(decoding: file.serialized(), as: UTF8.self) }

  /// One that answers in the usual time and limits nobody: what is measured is this side.
  func simulator(_ site: BenchSite) async throws -> ProviderSimulator<FCMSimulation> {
    var limits = FCMSimulation.Settings()
    limits.projectPerMinute = .max
    limits.devicePerMinute = .max
    limits.devicePerHour = .max
    var configuration = ProviderSimulatorConfiguration()
    configuration.latency = Bench.providerLatency
    return try await ProviderSimulator.start(
      FCMSimulation(accounts: [try FCMSimulatedAccount(file: file)], settings: limits),
      configuration, logger: site.logger)
  }

  func add(
    to app: AppID, at url: String, trustRoot: String, _ site: BenchSite, _ pool: PostgresPool
  ) async throws {
    try await ProviderCredentials(pool, keys: site.masterKeys).add(
      "simulator", provider: .fcm, of: app,
      settings: [
        "url": .string(url), "trust_root": .string(trustRoot), "ramp_seconds": "0",
        "messages_per_minute": "100000000",
      ], secret: secret)
  }
}

extension Bench {
  /// From due to recorded, through FCM.
  func dispatchesFCM(_ site: BenchSite, _ path: String) async throws -> [BenchLine] {
    let identity = try FCMIdentity()
    let simulator = try await identity.simulator(site)
    let app = AppID(unchecked: "fcm")
    try await fill(app, site, path)
    try await site.withPool { pool in
      try await identity.add(
        to: app, at: simulator.url, trustRoot: simulator.caCertificatePEM, site, pool)
    }
    let due = try await Self.due(app, through: .fcm, site)
    let seconds = try await drain(app, through: .fcm, site)
    let received = simulator.acceptedCount
    await simulator.stop()
    guard received == due else { throw BenchError.lost(due: due, received: received) }
    return [
      BenchLine(
        what: "due to recorded, FCM at 2 ms", value: Double(due) / seconds,
        unit: "pushes a second", goal: .atLeast(5_000), yardstick: nil)
    ]
  }

  /// How APNs fares while FCM is in trouble, each beside how it fared alone before and after.
  func dispatchesInTrouble(
    _ site: BenchSite, _ admin: PostgresConfiguration, _ path: String
  ) async throws -> [BenchLine] {
    let identity = DemoIdentity()
    let apns = try await Self.simulator(identity, site)
    let google = try FCMIdentity()
    let fcm = try await google.simulator(site)
    // A database each: what was left waiting in one would be tried beside the next.
    func rate(_ trouble: Trouble?) async throws -> Double {
      fcm.clearFaults()
      switch trouble {
      case nil, .down: break
      case .slow: fcm.inject(SimulatedFault(.silence(accepted: false), times: nil))
      case .refusing:
        fcm.inject(SimulatedFault(.answer(.json([:], status: 503)), times: nil))
      }
      return try await BenchSite.run(site.settings, admin, site.logger) { site in
        let app = AppID(unchecked: "trouble")
        try await fill(app, site, path)
        try await site.withPool { pool in
          try await Self.addCredential(identity, apns, to: app, pool, site.masterKeys)
          guard let trouble else { return }
          // Nothing listens at the port of discard.
          let url = trouble == .down ? "https://localhost:9" : fcm.url
          try await google.add(to: app, at: url, trustRoot: fcm.caCertificatePEM, site, pool)
        }
        let due = try await Self.due(app, through: .apns, site)
        return Double(due) / (try await drain(app, through: .apns, site))
      }
    }
    var before = try await rate(nil)
    var lines: [BenchLine] = []
    for trouble in Trouble.allCases {
      let troubled = try await rate(trouble)
      let after = try await rate(nil)
      lines.append(
        BenchLine(
          what: "due to recorded, APNs while FCM is \(trouble)", value: troubled,
          unit: "pushes a second", goal: .atLeast(0),
          yardstick: BenchLine.Yardstick(
            what: "without FCM, before and after", value: (before + after) / 2, ratio: 0.95)))
      before = after
    }
    await apns.stop()
    await fcm.stop()
    return lines
  }

  private enum Trouble: CaseIterable {
    case down, slow, refusing
  }

  // MARK: What dispatching is measured on

  /// Imports the history into an app of its own and decides it.
  func fill(_ app: AppID, _ site: BenchSite, _ path: String) async throws {
    try await site.withPool { pool in
      var settings = AppSettings()
      settings.cancelsOnRead = false
      settings.cancelsOnForeground = false
      try await Apps(pool).create(app, settings: settings)
      _ = try await Importer(site.postgres, logger: site.logger).run(path, into: app)
      let projector = Projector(pool: pool, listener: nil, logger: site.logger)
      try await projector.catchUp(app)
      try await projector.release()
    }
  }

  /// - Returns: How many seconds a dispatcher takes until nothing is due through a provider.
  func drain(
    _ app: AppID, through provider: ProviderName, _ site: BenchSite
  ) async throws -> Double {
    try await site.withRoles {
      try $0.addDispatcher(site.masterKeys)
    } _: {
      let watch = Stopwatch()
      try await site.withPool(1) { pool in
        while try await Self.isDue(app, through: provider, pool) {
          try await Task.sleep(for: .milliseconds(20))
        }
      }
      return watch.seconds
    }
  }

  static func due(
    _ app: AppID, through provider: ProviderName, _ site: BenchSite
  ) async throws -> Int {
    try await site.withPool(1) { pool in
      Int(
        try await pool.query(
          "select count(*) from dispatch.due where app = $1 and provider = $2",
          [app.rawValue, provider.rawValue])[0].get(0, as: Int64.self))
    }
  }

  private static func isDue(
    _ app: AppID, through provider: ProviderName, _ pool: PostgresPool
  ) async throws -> Bool {
    try await pool.query(
      "select exists (select from dispatch.due where app = $1 and provider = $2)",
      [app.rawValue, provider.rawValue])[0].get(0)
  }
}
