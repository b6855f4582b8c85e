import Crypto
import Logging
import PushCore
import Simulators

@testable import Providers

/// A simulator, and a client that sends to it with a key that it knows.
struct APNsRig: Sendable {
  let simulator: APNsSimulator
  let provider: APNsProvider
  let credential: ProviderCredential
  let stored: StoredCredential
  let clock: ManualClock
  let simulatorClock: ManualClock

  static let topic = "org.example.chat"
  static let deadline = Duration.seconds(60)

  /// - Parameters:
  ///   - server: Changes what the simulator starts with.
  ///   - client: Changes how the client works; it dials one connection unless told otherwise.
  static func with<Output: Sendable>(
    server: (inout APNsSimulator.Configuration) -> Void = { _ in },
    client: (inout APNsConfiguration) -> Void = { _ in },
    secret: (@Sendable (APNsSimulator) throws -> StoredCredential)? = nil,
    _ body: (APNsRig) async throws -> Output
  ) async throws -> Output {
    let key = P256.Signing.PrivateKey()
    let clock = ManualClock()
    let simulatorClock = ManualClock()
    var serverConfiguration = APNsSimulator.Configuration()
    serverConfiguration.controlPort = nil
    serverConfiguration.clock = { simulatorClock.now }
    serverConfiguration.keys = [
      APNsSimulatorKey(
        teamID: "TEAM000001", keyID: "KEY0000001", publicKeyPEM: key.publicKey.pemRepresentation)
    ]
    server(&serverConfiguration)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let simulator = try await APNsSimulator.start(serverConfiguration, logger: logger)
    var configuration = APNsConfiguration()
    configuration.connections = 1
    configuration.now = { clock.now }
    client(&configuration)
    let stored =
      try secret?(simulator) ?? Self.stored(pem: key.pemRepresentation, for: simulator)
    let rig = APNsRig(
      simulator: simulator,
      provider: APNsProvider(configuration: configuration, logger: logger),
      credential: try ProviderCredential(stored), stored: stored, clock: clock,
      simulatorClock: simulatorClock)
    do {
      let output = try await body(rig)
      await rig.provider.shutdown(within: .seconds(1))
      await simulator.stop()
      return output
    } catch {
      await rig.provider.shutdown(within: .zero)
      await simulator.stop()
      throw error
    }
  }

  static func stored(
    pem: String, for simulator: APNsSimulator, with more: [(String, JSON)] = []
  ) -> StoredCredential {
    TestCredential.stored(
      topics: [topic], pem: pem,
      settings: .object(
        [
          JSON.Member("team_id", "TEAM000001"), JSON.Member("key_id", "KEY0000001"),
        ] + address(of: simulator) + more.map { JSON.Member($0, $1) }))
  }

  static func address(of simulator: APNsSimulator) -> [JSON.Member] {
    [
      JSON.Member("host", "127.0.0.1"), JSON.Member("port", .integer(simulator.port)),
      JSON.Member("trust_root", .string(simulator.caCertificatePEM)),
    ]
  }

  func request(_ token: String, text: String = "Ann:hello", badge: Int64 = 1) -> PushRequest {
    var request = TestPush.request(
      token: token, expiresAt: clock.now + .seconds(3_600), text: text)
    request.notification.badge = badge
    return request
  }

  func send(_ token: String, within deadline: Duration = APNsRig.deadline) async -> AttemptResult {
    await provider.send(request(token), with: credential, deadline: deadline)
  }

  /// Sends one push to each of `count` devices at once.
  func sendAll(
    _ count: Int, within deadline: Duration = APNsRig.deadline
  ) async -> [AttemptResult] {
    await withTaskGroup(of: AttemptResult.self) { group in
      for number in 0..<count { group.addTask { await send(Self.token(number), within: deadline) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  var status: ProviderStatus? {
    get async { await provider.status().first }
  }

  /// Waits until the connections' state fulfils a condition.
  func reaches(_ condition: (ProviderStatus) -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      if let status = await status, condition(status) { return true }
      await Task.yield()
    }
    return false
  }

  /// 64 hexadecimal digits.
  static func token(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }
}
