import Logging
import NIOCore
import NIOPosix
import PushCore
import Simulators
import Synchronization

@testable import Providers

/// A server that keeps the calls of webhooks, and answers as it is told.
final class WebhookServer: ProviderSimulation {
  static let name = "webhook"

  private struct State {
    var requests: [SimulatedRequest] = []
    var answer = SimulatedAnswer.empty(204)
    var answers: [String: SimulatedAnswer] = [:]
  }

  private let state = Mutex(State())

  var requests: [SimulatedRequest] { state.withLock { $0.requests } }

  func reply(_ answer: SimulatedAnswer) { state.withLock { $0.answer = answer } }

  func reply(_ answer: SimulatedAnswer, at path: String) {
    state.withLock { $0.answers[path] = answer }
  }

  func answer(_ request: SimulatedRequest, in world: SimulatedWorld) -> SimulatedAnswer {
    state.withLock { state in
      state.requests.append(request)
      return state.answers[request.path] ?? state.answer
    }
  }
}

/// A webhook, and a provider with a credential that may call it.
struct CallbackRig: Sendable {
  static let secret = "sixteen bytes or more"
  static let deadline = Duration.seconds(60)

  let server: WebhookServer
  let simulator: ProviderSimulator<WebhookServer>
  let provider: CallbackProvider
  let credential: ProviderCredential
  let clock: ManualClock

  var url: String { simulator.url + "/hook" }

  /// - Parameter hosts: Looks up where webhooks are; nil: asks the system.
  static func with<Output: Sendable>(
    settings: [(String, JSON)] = [("allow_private", true)],
    hosts: HostBook? = nil, _ body: (CallbackRig) async throws -> Output
  ) async throws -> Output {
    let clock = ManualClock()
    var configuration = ProviderSimulatorConfiguration()
    configuration.controlPort = nil
    configuration.clock = { clock.now }
    configuration.certificate = .selfSigned(names: ["hook.example"])
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = WebhookServer()
    let simulator = try await ProviderSimulator.start(server, configuration, logger: logger)
    let pool = HTTPPool(
      connections: 1, connectTimeout: .seconds(10),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
      hosts: hosts ?? HostBook(now: { clock.now }))
    let provider = CallbackProvider(pool: pool, now: { clock.now })
    let result: Result<Output, any Error>
    do {
      let credential = try Self.credential(
        settings + [("trust_root", .string(simulator.caCertificatePEM))])
      result = .success(
        try await body(
          CallbackRig(
            server: server, simulator: simulator, provider: provider, credential: credential,
            clock: clock)))
    } catch {
      result = .failure(error)
    }
    await provider.shutdown(within: .zero)
    await pool.shutdown()
    await simulator.stop()
    return try result.get()
  }

  static func credential(
    _ settings: [(String, JSON)], secret: String = CallbackRig.secret
  ) throws -> ProviderCredential {
    try ProviderCredential(
      StoredCredential(
        app: AppID(unchecked: "shop"), provider: .callback, id: "main", topics: [],
        environment: nil, settings: .object(settings.map { JSON.Member($0.0, $0.1) }),
        secret: SecretText(secret)))
  }

  func request(_ url: String? = nil) -> PushRequest {
    var request = TestPush.request(
      token: url ?? self.url, expiresAt: clock.now + .seconds(86_400))
    request.topic = CallbackWay.webhook.rawValue
    request.position = 7
    request.notification = Notification(
      text: "Ann:hello", ext: "page=7", sound: "default", badge: 3, threadID: "group/g1",
      android: AndroidNotification(
        title: "Team", text: "Ann:hello", callbackTitle: "Team", callbackText: "Ann\u{FF1A} hello",
        info: nil),
      callback: CallbackFacts(
        message: MessageID(unchecked: "m1"), sentAt: clock.now - .seconds(1),
        sender: UserID(unchecked: "ann"), senderName: "Ann", group: GroupID(unchecked: "g1"),
        groupName: "Team"))
    return request
  }

  func send(_ url: String? = nil, deadline: Duration = CallbackRig.deadline) async -> AttemptResult
  {
    await provider.send(request(url), with: credential, deadline: deadline)
  }
}
