import Logging
import PushCore
import Simulators
import Testing

@testable import Providers

import struct Foundation.UUID

/// A vendor's simulator, and the provider that sends to it; both by one clock.
struct VendorRig<Channel: ProviderChannel, Simulation: ProviderSimulation>: Sendable {
  let simulator: ProviderSimulator<Simulation>
  let world: ProviderWorld
  let provider: any PushProvider
  let credential: ProviderCredential
  let stored: StoredCredential
  let clock: ManualClock

  /// Nobody listens there: receipts are kept by the simulator, and never arrive.
  static var receiptURL: String { "https://127.0.0.1:1/receipts" }
  static var deadline: Duration { .seconds(60) }

  /// - Parameters:
  ///   - settings: Besides the simulator's address.
  ///   - ahead: By how much the provider's clock goes before the simulator's.
  static func with(
    _ simulation: Simulation, secret: String, topics: [String] = [],
    settings: [(String, JSON)] = [], clock: ManualClock = ManualClock(),
    ahead: Duration = .zero, _ body: (VendorRig) async throws -> Void
  ) async throws {
    var configuration = ProviderSimulatorConfiguration()
    configuration.controlPort = nil
    configuration.clock = { clock.now }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let simulator = try await ProviderSimulator.start(simulation, configuration, logger: logger)
    let world = ProviderWorld(logger: logger, now: { clock.now + ahead })
    let stored = stored(
      [("url", .string(simulator.url)), ("trust_root", .string(simulator.caCertificatePEM))]
        + settings, secret: secret, topics: topics)
    let provider = ChannelKind<Channel>().makeProvider(world)
    let ended: Result<Void, any Error>
    do {
      let rig = VendorRig(
        simulator: simulator, world: world, provider: provider,
        credential: try ProviderCredential(stored), stored: stored, clock: clock)
      ended = .success(try await body(rig))
    } catch {
      ended = .failure(error)
    }
    await provider.shutdown(within: .zero)
    await world.shutdown()
    await simulator.stop()
    try ended.get()
  }

  // MARK: Credentials

  private static func stored(
    _ settings: [(String, JSON)], secret: String, topics: [String] = []
  ) -> StoredCredential {
    StoredCredential(
      app: AppID(unchecked: "shop"), provider: Channel.name, id: "main", topics: topics,
      environment: nil, settings: .object(settings.map { JSON.Member($0, $1) }),
      secret: SecretText(secret))
  }

  /// Reads a credential without any simulator.
  static func read(
    _ settings: [(String, JSON)], secret: String = "secret"
  ) throws -> Channel.Credential {
    let credential = try ProviderCredential(stored(settings, secret: secret))
    return try #require(credential.material as? Channel.Credential)
  }

  // MARK: Sending

  func request(
    _ token: String, title: String = "Mia", text: String = "hello", ext: String? = nil,
    sound: String? = "default", info: JSON? = nil, position: Position = 7, attempt: Int = 1
  ) throws -> PushRequest {
    try Self.request(
      token, title: title, text: text, ext: ext, sound: sound, info: info, position: position,
      attempt: attempt, expiresAt: clock.now + .seconds(3_600))
  }

  static func request(
    _ token: String, title: String = "Mia", text: String = "hello", ext: String? = nil,
    sound: String? = "default", info: JSON? = nil, position: Position = 7, attempt: Int = 1,
    expiresAt: Timestamp
  ) throws -> PushRequest {
    let android = JSON.object(present: [
      ("title", .string(title)), ("text", .string(text)), ("info", info),
    ])
    var notification = try Notification(
      json: .object(present: [
        ("text", .string(text)), ("ext", ext.map { .string($0) }), ("thread_id", "user/mia"),
        ("android", android),
      ]))
    notification.sound = sound
    return PushRequest(
      app: AppID(unchecked: "shop"), deliveryID: UUID(), attempt: attempt, token: token,
      topic: nil, environment: .production, notification: notification, position: position,
      expiresAt: expiresAt)
  }

  func send(_ request: PushRequest) async -> AttemptResult {
    await provider.send(request, with: credential, deadline: Self.deadline)
  }

  func send(
    _ token: String, info: JSON? = nil, attempt: Int = 1
  ) async throws -> AttemptResult {
    await send(try request(token, info: info, attempt: attempt))
  }

  /// Sends with a changed credential.
  func send(
    _ token: String, changing change: (inout StoredCredential) -> Void
  ) async throws -> AttemptResult {
    await provider.send(
      try request(token), with: try changed(change), deadline: Self.deadline)
  }

  func prove(
    changing change: (inout StoredCredential) -> Void = { _ in }
  ) async throws -> CredentialProof {
    await provider.prove(try changed(change), deadline: Self.deadline)
  }

  private func changed(_ change: (inout StoredCredential) -> Void) throws -> ProviderCredential {
    var changed = stored
    change(&changed)
    return try ProviderCredential(changed)
  }

  /// Sends pushes as one batch, whatever the time between them.
  func sendTogether(_ requests: [PushRequest]) async throws -> [Verdict] {
    var scope = try scope()
    if Channel.hasSessions {
      scope.session = try await Channel.openSession(scope).get().text
    }
    return await Channel.send(try requests.map { try Channel.prepare($0, scope) }, scope)
  }

  func sendTogether(_ tokens: [String]) async throws -> [Verdict] {
    try await sendTogether(try tokens.map { try request($0) })
  }

  func scope() throws -> ChannelScope<Channel.Credential> {
    try ChannelScope(credential, in: world, at: clock.now)
  }

  // MARK: Receipts

  /// Reads what the simulator reported, as if it had arrived.
  func receipts(_ count: Int, contentType: String) async throws -> [ProviderReceipt] {
    await simulator.waitForReceipts(count)
    return try simulator.receipts.flatMap {
      try Channel.readReceipts(
        ReceiptCall(headers: [("content-type", contentType)], body: $0.body)
      ).receipts
    }
  }

  func note(_ index: Int = 0) -> JSON {
    let received = simulator.received()
    return received.indices.contains(index) ? received[index].note : [:]
  }
}

/// What a vendor's code makes of an attempt.
struct VendorRow: Sendable {
  var code: Int
  var outcome: AttemptOutcome
  var blame: AttemptBlame
  var retryAfter: Duration?

  init(
    _ code: Int, _ outcome: AttemptOutcome, _ blame: AttemptBlame = .delivery,
    retryAfter: Duration? = nil
  ) {
    self.code = code
    self.outcome = outcome
    self.blame = blame
    self.retryAfter = retryAfter
  }

  static func refuses(_ code: Int) -> VendorRow { VendorRow(code, .rejected) }
  static func blamesCredential(_ code: Int) -> VendorRow { VendorRow(code, .retry, .credential) }
  static func blamesHost(_ code: Int) -> VendorRow { VendorRow(code, .retry, .host) }

  static func slowsDown(_ code: Int) -> VendorRow {
    VendorRow(code, .retry, .pace, retryAfter: .seconds(1))
  }

  /// The tests' clock starts at 16:00 in China.
  static func endsTheDay(_ code: Int) -> VendorRow {
    VendorRow(code, .retry, .pace, retryAfter: .seconds(8 * 3_600))
  }

  func fits(_ result: AttemptResult) -> Bool {
    result.outcome == outcome && result.blame == blame && result.retryAfter == retryAfter
      && result.reason == (outcome == .accepted ? nil : String(code))
  }
}
