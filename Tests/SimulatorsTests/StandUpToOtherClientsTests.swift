import Crypto
import CryptoExtras
import Foundation
import Logging
import PushCore
import Simulators
import Testing

/// The simulators are believed by clients that others wrote for the real services.
@Suite(.enabled(if: OtherClient.python != nil, "scripts/test installs the clients"))
struct StandUpToOtherClients {
  private static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

  private func write(_ text: String, _ name: String, in folder: URL) throws -> String {
    let file = folder.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  /// Runs a simulator and a client against it.
  private func play<Simulation: ProviderSimulation>(
    _ simulation: Simulation, _ script: String, _ environment: [String: String],
    files: [String: String] = [:],
    _ body: (ProviderSimulator<Simulation>, OtherClient) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      let simulator = try await ProviderSimulator.start(simulation, logger: Self.logger)
      var environment = environment
      environment["BASE_URL"] = simulator.url
      environment["CA_FILE"] = try write(simulator.caCertificatePEM, "ca.pem", in: folder)
      for (name, text) in files { environment[name] = try write(text, name, in: folder) }
      let outcome: Result<Void, any Error>
      do {
        try await body(simulator, OtherClient(script: script, environment: environment))
        outcome = .success(())
      } catch {
        outcome = .failure(error)
      }
      await simulator.stop()
      try outcome.get()
    }
  }

  @Test("firebase-admin", arguments: ["send", "each", "async"])
  func firebase(mode: String) async throws {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let file: JSON = [
      "type": "service_account", "project_id": "chat-demo", "private_key_id": "k1",
      "private_key": .string(key.pkcs8PEMRepresentation),
      "client_email": "push@chat-demo.iam.gserviceaccount.com", "client_id": "1",
      "token_uri": "https://oauth2.googleapis.com/token",
    ]
    let text = String(decoding: file.serialized(), as: UTF8.self)
    try await play(
      FCMSimulation(accounts: [try FCMSimulatedAccount(file: file)]), "fcm",
      ["TOKEN": "live", "FCM_MODE": mode], files: ["SERVICE_ACCOUNT": text]
    ) { simulator, client in
      let good = try await client.run()
      #expect(good.isOK, "\(good.error ?? "")")
      #expect(good.id?.hasPrefix("projects/chat-demo/messages/") == true)
      #expect(simulator.received().filter(\.isAccepted).map(\.token) == ["live"])
      #expect(simulator.setFate("UNREGISTERED", of: "gone"))
      let dead = try await client.run(["TOKEN": "gone"])
      #expect(!dead.isOK && dead.invalidTokens == ["gone"])
      #expect(simulator.acceptedCount == 1)
    }
  }

  @Test("hpa, for Huawei")
  func huawei() async throws {
    try await play(
      HuaweiSimulation(apps: [HuaweiApp(clientID: "100", clientSecret: "secret")]), "huawei",
      ["TOKEN": "live", "HUAWEI_CLIENT_ID": "100", "HUAWEI_CLIENT_SECRET": "secret"]
    ) { simulator, client in
      let good = try await client.run()
      #expect(good.isOK, "\(good.error ?? "")")
      #expect(simulator.received().filter(\.isAccepted).map(\.token) == ["live"])
      #expect(simulator.setFate("dead", of: "gone"))
      let mixed = try await client.run(["TOKEN": "gone,live"])
      #expect(!mixed.isOK && mixed.invalidTokens == ["gone"])
      let wrong = try await client.run(["HUAWEI_CLIENT_SECRET": "wrong"])
      #expect(!wrong.isOK)
    }
  }

  @Test("pyhcm, for Huawei")
  func huaweiOfOthers() async throws {
    try await play(
      HuaweiSimulation(apps: [HuaweiApp(clientID: "100", clientSecret: "secret")]), "huawei_pyhcm",
      ["TOKEN": "live", "HUAWEI_CLIENT_ID": "100", "HUAWEI_CLIENT_SECRET": "secret"]
    ) { simulator, client in
      let good = try await client.run()
      #expect(good.isOK, "\(good.error ?? "")")
      #expect(simulator.received().filter(\.isAccepted).map(\.token) == ["live"])
      #expect(simulator.setFate("dead", of: "gone"))
      #expect(try await client.run(["TOKEN": "gone"]).isOK == false)
    }
  }

  @Test("xmpush, Xiaomi's own")
  func xiaomi() async throws {
    try await play(
      XiaomiSimulation(apps: [XiaomiApp(appSecret: "secret", packages: ["org.example.chat"])]),
      "xiaomi",
      [
        "TOKEN": "live", "XIAOMI_APP_SECRET": "secret", "XIAOMI_PACKAGE": "org.example.chat",
      ]
    ) { simulator, client in
      let good = try await client.run()
      #expect(good.isOK, "\(good.error ?? "")")
      #expect(simulator.received().filter(\.isAccepted).map(\.token) == ["live"])
      #expect(simulator.setFate("dead", of: "gone"))
      let dead = try await client.run(["TOKEN": "gone"])
      #expect(!dead.isOK && dead.invalidTokens == ["gone"])
      let wrong = try await client.run(["XIAOMI_APP_SECRET": "wrong"])
      #expect(!wrong.isOK && wrong.error?.contains("2130") == true)
    }
  }

  @Test("pywebpush, which encrypts with http-ece", arguments: WebPushDialect.allCases)
  func webPush(dialect: WebPushDialect) async throws {
    let key = P256.Signing.PrivateKey()
    let publicKey = Self.base64URL(key.publicKey.x963Representation)
    let simulation = WebPushSimulation()
    try await play(simulation, "webpush", [:], files: ["VAPID_KEY_FILE": key.pemRepresentation]) {
      simulator, client in
      let live = try #require(
        simulation.subscribe(dialect, at: simulator.url, applicationServerKey: publicKey))
      let text = String(decoding: live.serialized(), as: UTF8.self)
      let good = try await client.run(["SUBSCRIPTION": text, "BODY": "Lunch at noon?"])
      #expect(good.isOK, "\(good.error ?? "")")
      let push = try #require(simulator.received().first)
      #expect(push.isAccepted)
      // It was decrypted with the browser's key.
      #expect(push.note.text.contains("Lunch at noon?"))
      let endpoint = try #require(live["endpoint"]?.string)
      #expect(simulator.setFate("410", of: endpoint))
      let gone = try await client.run(["SUBSCRIPTION": text])
      #expect(!gone.isOK && gone.invalidTokens == [endpoint])
    }
  }

  private static func base64URL(_ bytes: Data) -> String {
    bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  @Test("aioapns", arguments: ["", "h2"])
  func apns(alpn: String) async throws {
    let key = P256.Signing.PrivateKey()
    var configuration = APNsSimulator.Configuration()
    configuration.keys = [
      APNsSimulatorKey(
        teamID: "TEAM123456", keyID: "KEY1234567",
        publicKeyPEM: key.publicKey.pemRepresentation)
    ]
    let simulator = try await APNsSimulator.start(configuration, logger: Self.logger)
    defer { Task { await simulator.stop() } }
    try await withFolder { folder in
      let token = String(repeating: "ab", count: 32)
      let client = OtherClient(
        script: "apns",
        environment: [
          "BASE_URL": "https://localhost:\(simulator.port)", "TOKEN": token,
          "CA_FILE": try write(simulator.caCertificatePEM, "ca.pem", in: folder),
          "APNS_KEY_FILE": try write(key.pemRepresentation, "key.p8", in: folder),
          "APNS_KEY_ID": "KEY1234567", "APNS_TEAM_ID": "TEAM123456",
          "APNS_TOPIC": "org.example.chat", "APNS_ALPN": alpn,
        ])
      let good = try await client.run()
      #expect(good.isOK, "\(good.error ?? "")")
      #expect(simulator.receivedCounts.accepted == 1)
      let gone = String(repeating: "cd", count: 32)
      simulator.register(
        APNsSimulator.Device(token: gone, invalidSince: Timestamp(microseconds: 1_000_000)))
      let dead = try await client.run(["TOKEN": gone])
      #expect(!dead.isOK && dead.invalidTokens == [gone])
    }
  }
}
