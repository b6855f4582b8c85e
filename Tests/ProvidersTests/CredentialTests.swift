import Crypto
import PushCore
import Testing

@testable import Providers

@Suite struct ReadCredential {
  private static let key = P256.Signing.PrivateKey().pemRepresentation

  private func error(_ stored: StoredCredential) -> FieldError? {
    do {
      _ = try ProviderCredential(stored)
      return nil
    } catch {
      return error
    }
  }

  private func stored(_ settings: JSON, pem: String = ReadCredential.key) -> StoredCredential {
    TestCredential.stored(pem: pem, settings: settings)
  }

  @Test func aKeyWithItsTeamIsTaken() throws {
    let credential = try ProviderCredential(TestCredential.stored(environment: "sandbox"))
    #expect(credential.provider == .apns)
    #expect(credential.environment == .sandbox)
    guard let apns = credential.material as? APNsCredential else { return }
    #expect(apns.kind == "token")
    #expect(apns.expiresAt == nil)
    #expect(apns.host(for: .production) == "api.push.apple.com")
    #expect(apns.host(for: .sandbox) == "api.sandbox.push.apple.com")
    #expect(apns.port == 443)
  }

  @Test func aHostOfItsOwnStandsInForApples() throws {
    let credential = try ProviderCredential(
      stored(["team_id": "TEAM000001", "key_id": "KEY0000001", "host": "127.0.0.1", "port": 2197]))
    guard let apns = credential.material as? APNsCredential else { return }
    #expect(apns.host(for: .production) == "127.0.0.1")
    #expect(apns.port == 2_197)
  }

  /// The error names what does not fit.
  @Test(arguments: [
    (#"{"key_id":"KEY0000001"}"#, "settings.team_id"),
    (#"{"team_id":"TEAM000001"}"#, "settings.key_id"),
    (#"{"team_id":"team000001","key_id":"KEY0000001"}"#, "settings.team_id"),
    (#"{"team_id":"TEAM000001","key_id":"KEY1"}"#, "settings.key_id"),
    (#"{"team_id":5,"key_id":"KEY0000001"}"#, "settings.team_id"),
    (#"{"team_id":"TEAM000001","key_id":"KEY0000001","colour":"red"}"#, "settings.colour"),
    (#"{"host":"https://x"}"#, "settings.host"),
    (#"{"host":""}"#, "settings.host"),
    (#"{"port":0}"#, "settings.port"),
    (#"{"port":"https"}"#, "settings.port"),
    (#"{"trust_root":"x"}"#, "settings.trust_root"),
    ("[]", "settings"),
  ])
  func aSettingThatDoesNotFitIsNamed(settings: String, field: String) throws {
    #expect(error(stored(try JSON.parse(settings)))?.field == field)
  }

  @Test(arguments: [
    "", "not PEM", P384.Signing.PrivateKey().pemRepresentation,
    P256.Signing.PrivateKey().publicKey.pemRepresentation,
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
  ])
  func aSecretThatIsNoKeyIsNamedAndNotShown(pem: String) {
    let isCertificate = pem.contains("CERTIFICATE")
    let settings: JSON =
      isCertificate ? [:] : ["team_id": "TEAM000001", "key_id": "KEY0000001"]
    let error = error(stored(settings, pem: pem))
    #expect(error?.field == "secret")
    #expect(!"\(String(describing: error))".contains("AAAA"))
  }

  @Test func topicsAndEnvironmentAreChecked() {
    #expect(error(TestCredential.stored(topics: ["a", ""]))?.field == "topics[1]")
    #expect(error(TestCredential.stored(topics: ["a b"]))?.field == "topics[0]")
    #expect(
      error(TestCredential.stored(topics: [String(repeating: "a", count: 257)]))?.code == .tooLong)
    #expect(error(TestCredential.stored(environment: "test"))?.field == "environment")
  }

  @Test func aReplacedCredentialIsToldApart() throws {
    let one = try ProviderCredential(TestCredential.stored(pem: Self.key))
    let same = try ProviderCredential(TestCredential.stored(pem: Self.key))
    let other = try ProviderCredential(TestCredential.stored(topics: ["a"], pem: Self.key))
    #expect(one.fingerprint == same.fingerprint)
    #expect(one.fingerprint != other.fingerprint)
  }

  @Test func misfitsAreNamed() throws {
    let any = try ProviderCredential(TestCredential.stored())
    #expect(any.misfit(topic: "x", environment: .sandbox) == nil)
    #expect(any.misfit(topic: nil, environment: .sandbox) == .topicMissing)
    let one = try ProviderCredential(
      TestCredential.stored(topics: ["a"], environment: "production"))
    #expect(one.misfit(topic: nil, environment: .production) == nil)
    #expect(one.misfit(topic: "a", environment: .production) == nil)
    #expect(one.misfit(topic: "b", environment: .production) == .topic)
    #expect(one.misfit(topic: "a", environment: .sandbox) == .environment)
  }
}
