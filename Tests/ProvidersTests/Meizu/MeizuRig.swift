import Logging
import PushCore
import Simulators

@testable import Providers

/// Meizu's simulator, and a provider with a credential that it knows.
struct MeizuRig: Sendable {
  let simulator: ProviderSimulator<MeizuSimulation>
  let provider: any PushProvider
  let world: ProviderWorld
  let credential: ProviderCredential
  let clock: ManualClock

  static let deadline = Duration.seconds(60)
  static let app = MeizuApp(appID: 110_370, appSecret: "secret-of-app")

  /// - Parameter settings: Beside address and id.
  static func with<Output: Sendable>(
    app: MeizuApp = MeizuRig.app, settings: [(String, JSON)] = [],
    secret: String = MeizuRig.app.appSecret, _ body: (MeizuRig) async throws -> Output
  ) async throws -> Output {
    let clock = ManualClock()
    var configuration = ProviderSimulatorConfiguration()
    configuration.controlPort = nil
    configuration.clock = { clock.now }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let simulator = try await ProviderSimulator.start(
      MeizuSimulation(apps: [app]), configuration, logger: logger)
    let world = ProviderWorld(logger: logger, now: { clock.now })
    let provider = ChannelKind<MeizuChannel>().makeProvider(world)
    let result: Result<Output, any Error>
    do {
      let credential = try Self.credential(
        [
          ("app_id", .integer(MeizuRig.app.appID)), ("url", .string(simulator.url)),
          ("trust_root", .string(simulator.caCertificatePEM)),
        ] + settings, secret: secret)
      result = .success(
        try await body(
          MeizuRig(
            simulator: simulator, provider: provider, world: world, credential: credential,
            clock: clock)))
    } catch {
      result = .failure(error)
    }
    await provider.shutdown(within: .zero)
    await world.shutdown()
    await simulator.stop()
    return try result.get()
  }

  static func credential(
    _ settings: [(String, JSON)], secret: String = MeizuRig.app.appSecret
  ) throws -> ProviderCredential {
    try ProviderCredential(
      StoredCredential(
        app: AppID(unchecked: "shop"), provider: .meizu, id: "main", topics: [],
        environment: nil, settings: .object(settings.map { JSON.Member($0.0, $0.1) }),
        secret: SecretText(secret)))
  }

  func request(_ token: String, attempt: Int = 1) -> PushRequest {
    var request = TestPush.request(token: token, expiresAt: clock.now + .seconds(86_400))
    request.topic = nil
    request.attempt = attempt
    request.position = 7
    request.notification.android = AndroidNotification(
      title: "Ann", text: "hello", callbackTitle: "Ann", callbackText: "hello", info: nil)
    return request
  }

  func send(_ token: String, attempt: Int = 1) async -> AttemptResult {
    await provider.send(
      request(token, attempt: attempt), with: credential, deadline: Self.deadline)
  }

  /// Sends one batch past the engine, so that it is one whatever the machine does.
  func sendBatch(_ tokens: [String]) async throws -> [Verdict] {
    let scope = try scope()
    let pushes = try tokens.map { try MeizuChannel.prepare(request($0), scope) }
    return await MeizuChannel.send(pushes, scope)
  }

  func scope() throws -> ChannelScope<MeizuCredential> {
    try ChannelScope(credential, in: world, at: clock.now)
  }
}
