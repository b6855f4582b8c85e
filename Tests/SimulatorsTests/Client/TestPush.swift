import Crypto
import Foundation
import Logging
import PushCore
import Simulators

/// A push that is right in everything, to be changed by each test.
struct TestPush: Sendable {
  var headers: [(String, String)]
  var body: [UInt8]

  static let token = String(repeating: "ab", count: 32)

  init(
    _ authorization: String?, token: String = TestPush.token,
    body: String = #"{"aps":{"alert":{"title":"T","body":"B"},"badge":3}}"#
  ) {
    headers = [
      (":method", "POST"), (":scheme", "https"), (":path", "/3/device/\(token)"),
      (":authority", "localhost"),
    ]
    if let authorization { headers.append(("authorization", authorization)) }
    headers += [
      ("apns-topic", "org.example.chat"), ("apns-push-type", "alert"), ("apns-priority", "10"),
    ]
    self.body = Array(body.utf8)
  }

  /// Replaces, adds, or with nil removes a field.
  func with(_ name: String, _ value: String?) -> TestPush {
    var push = self
    if let index = headers.firstIndex(where: { $0.0 == name }) {
      if let value { push.headers[index].1 = value } else { push.headers.remove(at: index) }
    } else if let value {
      push.headers.append((name, value))
    }
    return push
  }

  func adding(_ name: String, _ value: String) -> TestPush {
    var push = self
    push.headers.append((name, value))
    return push
  }

  func withBody(_ text: String) -> TestPush {
    var push = self
    push.body = Array(text.utf8)
    return push
  }

  func withBody(bytes: Int) -> TestPush {
    let frame = #"{"aps":{"alert":""}}"#
    let text = String(repeating: "x", count: bytes - frame.utf8.count)
    return withBody(#"{"aps":{"alert":"\#(text)"}}"#)
  }
}

/// A provider's key and the tokens it signs.
struct TestKey: Sendable {
  enum Form: Sendable { case raw, der }

  var teamID = "TEAM000001"
  var keyID = "KEY0000001"
  let key = P256.Signing.PrivateKey()

  var registered: APNsSimulatorKey {
    APNsSimulatorKey(teamID: teamID, keyID: keyID, publicKeyPEM: key.publicKey.pemRepresentation)
  }

  /// The value of an `authorization` header.
  func token(
    issuedAt: Int64 = Int64(Date().timeIntervalSince1970), form: Form = .raw,
    asDigits: Bool = false, algorithm: String = "ES256"
  ) throws -> String {
    let head = JSON.object([
      JSON.Member("alg", .string(algorithm)), JSON.Member("kid", .string(keyID)),
    ])
    let claims = JSON.object([
      JSON.Member("iss", .string(teamID)),
      JSON.Member("iat", asDigits ? .string(String(issuedAt)) : .integer(issuedAt)),
    ])
    let text = [head, claims].map { Self.base64(Data($0.serialized())) }.joined(separator: ".")
    let signature = try key.signature(for: Data(text.utf8))
    let bytes = form == .raw ? signature.rawRepresentation : signature.derRepresentation
    return "bearer \(text).\(Self.base64(bytes))"
  }

  private static func base64(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}

/// A simulator with one key, and pushes that it takes.
struct TestBench: Sendable {
  let simulator: APNsSimulator
  let key: TestKey
  let authorization: String

  static func run(
    _ prepare: (inout APNsSimulator.Configuration) -> Void = { _ in },
    _ body: (TestBench) async throws -> Void
  ) async throws {
    let key = TestKey()
    var configuration = APNsSimulator.Configuration()
    configuration.keys = [key.registered]
    configuration.rememberedPushes = 10_000
    prepare(&configuration)
    let simulator = try await APNsSimulator.start(configuration, logger: Logger(label: "test"))
    do {
      try await body(
        TestBench(simulator: simulator, key: key, authorization: try key.token()))
    } catch {
      await simulator.stop()
      throw error
    }
    await simulator.stop()
  }

  var push: TestPush { TestPush(authorization) }

  func connect(_ options: PushClient.Options = PushClient.Options()) async throws -> PushClient {
    try await PushClient.connect(to: simulator, options)
  }

  /// A connection whose stream limit is raised already.
  func authenticated() async throws -> PushClient {
    let client = try await connect()
    _ = try await client.push(push.with("apns-id", "00000000-0000-4000-8000-00000000000a"))
    try await client.until { $0.limits.count > 1 }
    return client
  }
}
