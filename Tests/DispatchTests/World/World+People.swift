import Crypto
import Providers
import PushCore

import struct Foundation.UUID

@testable import Ledger
@testable import PushDispatch

/// A provider that is never called: a ``World`` answers in its place.
struct FakeAPNs: PushProvider {
  var name: ProviderName { .apns }

  func host(of request: PushRequest, with credential: ProviderCredential) -> String {
    "\(request.environment.rawValue).example"
  }

  func send(
    _ request: PushRequest, with credential: ProviderCredential, deadline: Duration
  ) async -> AttemptResult { AttemptResult(.unknown) }

  func prove(_ credential: ProviderCredential, deadline: Duration) async -> CredentialProof {
    .cannotTell("scripted")
  }

  func status() async -> [ProviderStatus] { [] }
  func shutdown(within grace: Duration) async {}
}

enum TestCredential {
  static let pem = P256.Signing.PrivateKey().pemRepresentation

  static func loaded(
    _ id: String = "main", of app: AppID, topics: [String] = [],
    environment: PushEnvironment? = nil, keyID: String = "0123456789abcdef",
    secret: Result<String, FieldError> = .success(pem)
  ) -> LoadedCredential {
    LoadedCredential(
      summary: CredentialSummary(
        app: app, provider: .apns, id: id, topics: topics, environment: environment,
        settings: ["team_id": "TEAM000001", "key_id": "KEY0000001"], keyID: keyID,
        createdAt: World.start),
      secret: secret)
  }
}

extension World {
  static let app = AppID(unchecked: "shop")
  static let topic = "org.example.chat"

  /// A world with one app, its credential, and a dispatcher that has just looked around.
  static func small(
    seed: UInt64 = 1, lanes: Int = 1,
    _ configure: (inout DispatcherConfiguration) -> Void = { _ in }
  ) -> (world: World, dispatcher: MemberID) {
    var configuration = DispatcherConfiguration()
    configure(&configuration)
    let world = World(seed: seed, configuration: configuration)
    world.add(app, lanes: lanes)
    world.database.credentials = [TestCredential.loaded(of: app)]
    let id = world.startDispatcher()
    world.run(for: .milliseconds(100))
    return (world, id)
  }

  func add(_ app: AppID, lanes: Int) { database.lanesOfApp[app] = lanes }

  func register(
    _ user: String, _ device: String = "phone", of app: AppID = World.app,
    topic: String? = World.topic, environment: PushEnvironment = .production
  ) {
    let key = DeviceKey(user: UserID(unchecked: user), device: DeviceID(unchecked: device))
    database.devices[.init(app: app, device: key)] = SimDatabase.Device(
      topic: topic, environment: environment)
  }

  /// A message becomes due for one device.
  @discardableResult
  func push(
    to user: String, _ device: String = "phone", of app: AppID = World.app,
    through provider: ProviderName = .apns,
    expiresAfter lifetime: Duration = .seconds(7 * 24 * 3_600), notifies: Bool = true
  ) -> UUID {
    lastPosition += 1
    let message = MessageID(unchecked: "m\(lastPosition)")
    let key = DeviceKey(user: UserID(unchecked: user), device: DeviceID(unchecked: device))
    if database.devices[.init(app: app, device: key)] == nil { register(user, device, of: app) }
    let id = DeliveryID.make(app: app, message: message, user: key.user, device: key.device)
    database.due[app, default: [:]][id] = SimDatabase.Due(
      lane: Lane.of(key.user, count: database.lanesOfApp[app] ?? 1), provider: provider,
      key: RowKey(position: lastPosition, delivery: id), device: key, message: message,
      dueAt: now, expiresAt: now + lifetime)
    if notifies { notify(app) }
    return id
  }

  /// How the attempts at a delivery ended, by their numbers; fenced ones are left out.
  func outcomes(of delivery: UUID) -> [AttemptOutcome] {
    (1...).lazy
      .map { self.database.attempts[DeliveryID.attemptEvent(delivery: delivery, attempt: $0)] }
      .prefix { $0 != nil }.compactMap { $0?.outcome }
  }

  func isDue(_ delivery: UUID) -> Bool {
    database.due.values.contains { $0[delivery] != nil }
  }
}
