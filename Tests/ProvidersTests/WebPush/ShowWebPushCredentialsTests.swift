import Crypto
import Foundation
import PushCore
import Simulators
import Testing

@testable import Providers

@Suite struct ShowWebPushCredentials {
  private func credential(
    _ secret: String, _ settings: [(String, JSON)] = []
  ) throws -> WebPushCredential {
    let stored = WebPushRig.stored(secret: secret, settings: settings)
    return try #require(try ProviderCredential(stored).material as? WebPushCredential)
  }

  private func field(_ secret: String, _ settings: [(String, JSON)] = []) -> String? {
    let error = #expect(throws: FieldError.self) { try credential(secret, settings) }
    return error?.field
  }

  @Test func aKeyIsTheSameInEveryForm() throws {
    let key = P256.Signing.PrivateKey()
    let raw = Base64URL.encode(key.rawRepresentation)
    let point = Base64URL.encode(key.publicKey.x963Representation)
    let parameters =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    let sec1 = try #require(Self.sec1(of: key))
    for secret in [key.pemRepresentation, sec1, parameters + sec1, raw, raw + "=\n"] {
      #expect(try credential(secret).publicKey == point)
    }
    #expect(point.utf8.count == 87)
    #expect(try credential(raw, [("public_key", .string(point + "="))]).publicKey == point)
  }

  /// RFC 5915: the key as OpenSSL writes it without PKCS#8 around.
  private static func sec1(of key: P256.Signing.PrivateKey) -> String? {
    let curve: [UInt8] = [0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    let point: [UInt8] = [0xA1, 0x44, 0x03, 0x42, 0x00] + key.publicKey.x963Representation
    let inner: [UInt8] = [0x02, 0x01, 0x01, 0x04, 0x20] + key.rawRepresentation + curve + point
    let base64 = Data([0x30, UInt8(inner.count)] + inner).base64EncodedString(
      options: [.lineLength64Characters, .endLineWithLineFeed])
    return "-----BEGIN EC PRIVATE KEY-----\n\(base64)\n-----END EC PRIVATE KEY-----\n"
  }

  @Test func namesASecretThatIsNone() {
    let key = P256.Signing.PrivateKey()
    let secrets = [
      "", "abc", Base64URL.encode(key.publicKey.x963Representation),
      Base64URL.encode(Data(repeating: 0, count: 32)),
      Base64URL.encode(Data(repeating: 0xFF, count: 32)), key.publicKey.pemRepresentation,
      P384.Signing.PrivateKey().pemRepresentation,
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    ]
    for secret in secrets { #expect(field(secret) == "secret") }
  }

  @Test func namesThePublicKeyOfAnotherPair() {
    let other = Base64URL.encode(P256.Signing.PrivateKey().publicKey.x963Representation)
    let secret = P256.Signing.PrivateKey().pemRepresentation
    #expect(field(secret, [("public_key", .string(other))]) == "settings.public_key")
  }

  @Test(arguments: [
    "push@example.com", "mailto:", "mailto:push", "mailto:push@", "mailto:@example.com",
    "mailto:push@localhost", "mailto:a@b@example.com", "mailto:push@example.com?subject=a",
    "http://example.com", "https://localhost/", "https://push.localhost", "https://",
  ])
  func namesASubjectThatServicesRefuse(_ subject: String) {
    let secret = P256.Signing.PrivateKey().pemRepresentation
    #expect(field(secret, [("subject", .string(subject))]) == "settings.subject")
  }

  @Test(arguments: ["mailto:push@example.com", "https://example.com/contact"])
  func takesWhomOneCanReach(_ subject: String) throws {
    let secret = P256.Signing.PrivateKey().pemRepresentation
    #expect(throws: Never.self) { try credential(secret, [("subject", .string(subject))]) }
  }

  @Test func namesSettingsThatAreNone() {
    let secret = P256.Signing.PrivateKey().pemRepresentation
    #expect(field(secret, [("hosts", "https://push.example")]) == "settings.hosts")
    #expect(field(secret, [("hosts", "*.")]) == "settings.hosts")
    #expect(field(secret, [("hosts", ",")]) == "settings.hosts")
    #expect(field(secret, [("payload_bytes", 3_994)]) == "settings.payload_bytes")
    #expect(field(secret, [("ttl", 60)]) == "settings.ttl")
    #expect(field(secret, [("trust_root", "no PEM")]) == "settings.trust_root")
    let bare = StoredCredential(
      app: AppID(unchecked: "shop"), provider: .webpush, id: "main", topics: [], environment: nil,
      settings: [:], secret: SecretText(secret))
    let error = #expect(throws: FieldError.self) { try ProviderCredential(bare) }
    #expect(error?.field == "settings.subject")
    #expect(error?.code == .missing)
  }

  @Test func knowsHostsByTheirNames() throws {
    let hosts = try PushServiceHosts(reading: "fcm.googleapis.com, *.Notify.windows.com")
    for host in ["fcm.googleapis.com", "db5p.notify.windows.com", "a.b.notify.windows.com"] {
      #expect(hosts.hold(host))
    }
    for host in ["notify.windows.com", "xnotify.windows.com", "a.fcm.googleapis.com", ""] {
      #expect(!hosts.hold(host))
    }
  }

  @Test func showsBrowsersKeyWhereNobodyCanProveIt() async throws {
    try await WebPushRig.with { rig async throws in
      guard
        case .cannotTell(let why) = await rig.provider.prove(
          rig.credential, deadline: WebPushRig.deadline)
      else {
        Issue.record("No service can tell.")
        return
      }
      #expect(why.hasSuffix("applicationServerKey \(rig.publicKey)"))
      #expect(rig.simulator.acceptedConnections == 0)
    }
  }
}
