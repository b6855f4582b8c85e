import Logging
import NIOCore
import PushCore
import Simulators

@testable import Providers

/// A simulator of FCM, and a client that sends to it with a service account that it knows.
struct FCMRig: Sendable {
  let simulator: ProviderSimulator<FCMSimulation>
  let simulation: FCMSimulation
  let provider: any PushProvider
  let world: ProviderWorld
  let credential: ProviderCredential
  let clock: ManualClock
  let simulatorClock: ManualClock

  static let project = "shop-7f3a1"
  static let deadline = Duration.seconds(60)

  /// - Parameters:
  ///   - key: What the sender's account signs with; the simulator knows the first test key.
  ///   - settings: Further settings of the credential.
  ///   - prepare: Changes how the simulator starts.
  static func with<Output: Sendable>(
    key: String = RSATestKeys.first, settings: [(String, JSON)] = [],
    server: FCMSimulation.Settings = FCMSimulation.Settings(),
    prepare: (inout ProviderSimulatorConfiguration) -> Void = { _ in },
    _ body: (FCMRig) async throws -> Output
  ) async throws -> Output {
    let clock = ManualClock()
    let simulatorClock = ManualClock()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let simulation = FCMSimulation(
      accounts: [try FCMSimulatedAccount(file: account())], settings: server)
    var configuration = ProviderSimulatorConfiguration()
    configuration.controlPort = nil
    configuration.clock = { simulatorClock.now }
    prepare(&configuration)
    let simulator = try await ProviderSimulator.start(simulation, configuration, logger: logger)
    let world = ProviderWorld(logger: logger, now: { clock.now })
    let provider = ChannelKind<FCMChannel>().makeProvider(world)
    func stop() async {
      await provider.shutdown(within: .zero)
      await world.shutdown()
      await simulator.stop()
    }
    do {
      let rig = FCMRig(
        simulator: simulator, simulation: simulation, provider: provider, world: world,
        credential: try ProviderCredential(
          stored(
            account(key: key),
            [
              ("url", .string(simulator.url)), ("ramp_seconds", 0),
              ("trust_root", .string(simulator.caCertificatePEM)),
            ] + settings)),
        clock: clock, simulatorClock: simulatorClock)
      let output = try await body(rig)
      await stop()
      return output
    } catch {
      await stop()
      throw error
    }
  }

  /// The file of a service account.
  static func account(key: String = RSATestKeys.first) -> JSON {
    [
      "type": "service_account", "project_id": .string(project), "private_key_id": "k1",
      "private_key": .string(key), "client_email": "push@shop-7f3a1.iam.example",
      "token_uri": "https://oauth2.googleapis.com/token",
    ]
  }

  static func stored(_ account: JSON, _ settings: [(String, JSON)] = []) -> StoredCredential {
    StoredCredential(
      app: AppID(unchecked: "shop"), provider: .fcm, id: "main", topics: [], environment: nil,
      settings: .object(settings.map { JSON.Member($0, $1) }), secret: SecretText(account.text))
  }

  func send(_ token: String, text: String = "hello") async -> AttemptResult {
    await send(
      TestPush.request(token: token, expiresAt: clock.now + .seconds(3_600), text: text))
  }

  func send(_ request: PushRequest) async -> AttemptResult {
    await provider.send(request, with: credential, deadline: Self.deadline)
  }

  /// Every push from now on is answered so.
  func answer(_ answer: SimulatedAnswer, to path: String = "/v1/") {
    simulator.clearFaults()
    simulator.inject(SimulatedFault(.answer(answer), path: path, times: nil))
  }

  /// Posts to the simulator without the provider.
  func post(
    _ path: String, _ body: [UInt8], headers: [(name: String, value: String)] = []
  ) async throws -> HTTPAnswer {
    try await world.pool.execute(
      HTTPCall(simulator.url + path, headers: headers, body: body),
      trust: TrustRoots(pem: simulator.caCertificatePEM), deadline: .now() + .seconds(60)
    ).get()
  }
}
