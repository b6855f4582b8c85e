import Crypto
import Foundation
import Logging
import NIOCore
import PushCore
import Simulators

@testable import Providers

/// A simulator of push services and browsers, and a client that sends to them.
struct WebPushRig: Sendable {
  let simulator: ProviderSimulator<WebPushSimulation>
  let simulation: WebPushSimulation
  let provider: any PushProvider
  let world: ProviderWorld
  let credential: ProviderCredential
  /// The credential's key, as PEM.
  let secret: String
  let clock: ManualClock
  let simulatorClock: ManualClock

  static let deadline = Duration.seconds(60)
  static let subject = "mailto:push@example.com"

  /// - Parameters:
  ///   - settings: Further settings of the credential, or others.
  ///   - names: Further names of the simulator's certificate.
  static func with(
    settings: [(String, JSON)] = [], names: [String] = [],
    _ body: (WebPushRig) async throws -> Void
  ) async throws {
    let clock = ManualClock()
    let simulatorClock = ManualClock()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let simulation = WebPushSimulation()
    var configuration = ProviderSimulatorConfiguration()
    configuration.clock = { simulatorClock.now }
    configuration.certificate = .selfSigned(names: names)
    let simulator = try await ProviderSimulator.start(simulation, configuration, logger: logger)
    let world = ProviderWorld(logger: logger, now: { clock.now })
    let provider = ChannelKind<WebPushChannel>().makeProvider(world)
    let secret = P256.Signing.PrivateKey().pemRepresentation
    let ended: Result<Void, any Error>
    do {
      let rig = WebPushRig(
        simulator: simulator, simulation: simulation, provider: provider, world: world,
        credential: try ProviderCredential(
          stored(
            secret: secret,
            settings: [("trust_root", .string(simulator.caCertificatePEM))] + settings)),
        secret: secret,
        clock: clock, simulatorClock: simulatorClock)
      ended = .success(try await body(rig))
    } catch {
      ended = .failure(error)
    }
    await provider.shutdown(within: .zero)
    await world.shutdown()
    await simulator.stop()
    try ended.get()
  }

  static func stored(
    secret: String = P256.Signing.PrivateKey().pemRepresentation, settings: [(String, JSON)] = []
  ) -> StoredCredential {
    let usual: [(String, JSON)] = [("subject", .string(subject)), ("allow_private", true)]
    return StoredCredential(
      app: AppID(unchecked: "shop"), provider: .webpush, id: "main", topics: [], environment: nil,
      settings: (usual + settings).reduce(JSON.object([])) { $0.setting($1.0, to: $1.1) },
      secret: SecretText(secret))
  }

  /// What browsers subscribe with.
  var publicKey: String { (credential.material as? WebPushCredential)?.publicKey ?? "" }

  // MARK: Browsers

  /// A browser's subscription, as text.
  func subscribe(_ dialect: WebPushDialect = .fcm, key: String? = nil) throws -> String {
    guard
      let json = simulation.subscribe(
        dialect, at: simulator.url, applicationServerKey: key ?? publicKey)
    else { throw NoSubscription() }
    return json.text
  }

  struct NoSubscription: Error {}

  static func endpoint(_ subscription: String) -> String {
    (try? JSON.parse(subscription))?["endpoint"]?.string ?? ""
  }

  func setFate(_ fate: String, of subscription: String, times: Int? = nil) {
    simulator.setFate(fate, of: Self.endpoint(subscription), times: times)
  }

  /// What the browser's service worker was handed.
  func shown(_ subscription: String) -> [JSON] {
    simulation.shown(at: Self.endpoint(subscription)).compactMap { try? JSON.parse($0) }
  }

  // MARK: Pushes

  func request(_ subscription: String, text: String = "hello") -> PushRequest {
    TestPush.request(token: subscription, expiresAt: clock.now + .seconds(3_600), text: text)
  }

  func send(_ request: PushRequest) async -> AttemptResult {
    await provider.send(request, with: credential, deadline: Self.deadline)
  }

  func send(_ subscription: String, text: String = "hello") async -> AttemptResult {
    await send(request(subscription, text: text))
  }

  /// Posts to an endpoint without the provider.
  func post(
    _ subscription: String, _ headers: [(name: String, value: String)], _ body: [UInt8] = []
  ) async throws -> HTTPAnswer {
    try await world.pool.execute(
      HTTPCall(Self.endpoint(subscription), headers: headers, body: body),
      trust: TrustRoots(pem: simulator.caCertificatePEM), deadline: .now() + .seconds(60)
    ).get()
  }

  /// Notes of what arrived, oldest first.
  var notes: [JSON] { simulator.received().map(\.note) }
}
