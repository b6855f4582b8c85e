import Logging
import PushCore
import Simulators

@testable import Providers

/// vivo's simulator, and a provider with a credential that it knows.
struct VivoRig: Sendable {
  let simulator: ProviderSimulator<VivoSimulation>
  let provider: any PushProvider
  let world: ProviderWorld
  let credential: ProviderCredential
  let clock: ManualClock
  let simulatorClock: ManualClock

  static let deadline = Duration.seconds(60)
  static let app = VivoApp(appID: 10_004, appKey: "key-of-app", appSecret: "secret-of-app")

  /// - Parameters:
  ///   - start: 16:00 in China, unless it is said.
  ///   - settings: Beside address and ids.
  static func with<Output: Sendable>(
    app: VivoApp = VivoRig.app, start: Timestamp? = nil, settings: [(String, JSON)] = [],
    secret: String = VivoRig.app.appSecret, _ body: (VivoRig) async throws -> Output
  ) async throws -> Output {
    let clock = start.map { ManualClock($0) } ?? ManualClock()
    let simulatorClock = ManualClock(clock.now)
    var configuration = ProviderSimulatorConfiguration()
    configuration.controlPort = nil
    configuration.clock = { simulatorClock.now }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let simulator = try await ProviderSimulator.start(
      VivoSimulation(apps: [app]), configuration, logger: logger)
    let world = ProviderWorld(logger: logger, now: { clock.now })
    let provider = ChannelKind<VivoChannel>().makeProvider(world)
    let result: Result<Output, any Error>
    do {
      let credential = try Self.credential(
        [
          ("app_id", .integer(app.appID)), ("app_key", .string(app.appKey)),
          ("url", .string(simulator.url)), ("trust_root", .string(simulator.caCertificatePEM)),
        ] + settings, secret: secret)
      result = .success(
        try await body(
          VivoRig(
            simulator: simulator, provider: provider, world: world, credential: credential,
            clock: clock, simulatorClock: simulatorClock)))
    } catch {
      result = .failure(error)
    }
    await provider.shutdown(within: .zero)
    await world.shutdown()
    await simulator.stop()
    return try result.get()
  }

  static func credential(
    _ settings: [(String, JSON)], secret: String = VivoRig.app.appSecret
  ) throws -> ProviderCredential {
    try ProviderCredential(
      StoredCredential(
        app: AppID(unchecked: "shop"), provider: .vivo, id: "main", topics: [], environment: nil,
        settings: .object(settings.map { JSON.Member($0.0, $0.1) }), secret: SecretText(secret)))
  }

  /// Moves both clocks.
  func advance(_ duration: Duration) {
    clock.advance(duration)
    simulatorClock.advance(duration)
  }

  /// - Parameter info: `AndroidInfo`.
  func request(
    _ token: String, attempt: Int = 1, position: Position = 7, info: JSON? = nil
  ) -> PushRequest {
    var request = TestPush.request(token: token, expiresAt: clock.now + .seconds(172_800))
    request.topic = nil
    request.attempt = attempt
    request.position = position
    request.notification.android = AndroidNotification(
      title: "Ann", text: "hello", callbackTitle: "Ann", callbackText: "hello", info: info)
    return request
  }

  func send(_ token: String, attempt: Int = 1, info: JSON? = nil) async -> AttemptResult {
    await provider.send(
      request(token, attempt: attempt, info: info), with: credential, deadline: Self.deadline)
  }

  /// Sends one batch past the engine, so that it is one whatever the machine does.
  func sendBatch(_ tokens: [String], info: JSON? = nil) async throws -> [Verdict] {
    var scope = try scope()
    scope.session = try await VivoChannel.openSession(scope).get().text
    let prepared = scope
    let pushes = try tokens.map { try VivoChannel.prepare(request($0, info: info), prepared) }
    return await VivoChannel.send(pushes, scope)
  }

  func scope() throws -> ChannelScope<VivoCredential> {
    try ChannelScope(credential, in: world, at: clock.now)
  }
}
