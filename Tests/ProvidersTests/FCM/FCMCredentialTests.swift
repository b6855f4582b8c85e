import Crypto
import PushCore
import Testing

@testable import Providers

@Suite struct ReadFCMCredential {
  private func error(_ secret: String, _ settings: JSON = [:]) -> FieldError? {
    var stored = FCMRig.stored([:])
    stored.secret = SecretText(secret)
    stored.settings = settings
    do {
      _ = try ProviderCredential(stored)
      return nil
    } catch {
      return error
    }
  }

  private func read(_ settings: [(String, JSON)] = []) throws -> FCMCredential {
    let credential = try ProviderCredential(FCMRig.stored(FCMRig.account(), settings))
    return try #require(credential.material as? FCMCredential)
  }

  @Test func aServiceAccountSendsToItsProject() throws {
    let fcm = try read()
    #expect(fcm.sendURL == "https://fcm.googleapis.com/v1/projects/shop-7f3a1/messages:send")
    #expect(fcm.tokenURL == "https://oauth2.googleapis.com/token")
    #expect(fcm.host == "fcm.googleapis.com")
    #expect(fcm.pace == Pace.Limits(perSecond: 10_000, ramp: .seconds(60)))
    #expect(!fcm.hasAPNsBlock)
    #expect(!fcm.hasWebPushBlock)
  }

  @Test func settingsChangeWhereAndHowFast() throws {
    let fcm = try read([
      ("url", "https://localhost:8443"), ("project_id", "1234567890"),
      ("messages_per_minute", 1_200), ("ramp_seconds", "0"), ("apns_block", true),
      ("webpush_block", true),
    ])
    #expect(fcm.sendURL == "https://localhost:8443/v1/projects/1234567890/messages:send")
    #expect(fcm.tokenURL == "https://localhost:8443/token")
    #expect(fcm.host == "localhost:8443")
    #expect(fcm.pace == Pace.Limits(perSecond: 20))
    #expect(fcm.hasAPNsBlock)
    #expect(fcm.hasWebPushBlock)
  }

  @Test func aFileWithoutTheRarerMembersWillDo() throws {
    let whole = FCMRig.account()
    let names = ["type", "project_id", "private_key", "client_email"]
    let short = JSON.object(present: names.map { ($0, whole[$0]) })
    let credential = try ProviderCredential(FCMRig.stored(short))
    let fcm = try #require(credential.material as? FCMCredential)
    #expect(fcm.account.keyID == nil)
    #expect(fcm.tokenURL == "https://oauth2.googleapis.com/token")
  }

  /// The member that does not fit, and a word of what is said of it.
  private static let flaws: [(String, JSON, String)] = [
    ("type", "authorized_user", "\"authorized_user\""), ("type", .null, "has no type"),
    ("project_id", .null, "has no project_id"), ("project_id", "a/b", "a project_id"),
    ("project_id", 7, "a project_id that is a number"),
    ("client_email", "", "has no client_email"),
    ("private_key", .null, "has no private_key"),
    ("private_key", "SECRETSECRET", "a private_key that is no RSA key"),
    ("private_key", .string(P256.Signing.PrivateKey().pemRepresentation), "no RSA key"),
    (
      "private_key", .string(RSATestKeys.first.replacing("\n", with: "\\n")), "no RSA key"
    ),
    ("private_key", .string(String(repeating: "A", count: 16_385)), "16385 bytes"),
    ("token_uri", "http://oauth2.googleapis.com/token", "a token_uri"),
    ("token_uri", "https://oauth2.googleapis.com", "a token_uri"),
    ("project_info", [:], "google-services.json"),
  ]

  @Test(arguments: flaws.indices) func aFileThatDoesNotFitIsExplained(_ index: Int) {
    let (member, value, words) = Self.flaws[index]
    let error = error(FCMRig.account().setting(member, to: value).text)
    #expect(error?.field == "secret")
    #expect(error?.problem.contains(words) == true, "\(String(describing: error))")
    #expect(error?.problem.contains("SECRETSECRET") == false)
  }

  @Test(arguments: ["", "not JSON", "[]", RSATestKeys.first]) func noFileIsNamed(_ secret: String) {
    let error = error(secret)
    #expect(error?.field == "secret")
    #expect(error?.code == .badFormat)
  }

  @Test(arguments: [
    ("url", "http://localhost"), ("url", "https://localhost/v1"), ("trust_root", "x"),
    ("project_id", "a/b"), ("messages_per_minute", "59"), ("ramp_seconds", "3601"),
    ("apns_block", "yes"), ("webpush_block", "no"), ("colour", "red"),
  ]) func aSettingThatDoesNotFitIsNamed(_ name: String, _ value: String) {
    let settings = JSON.object([JSON.Member(name, .string(value))])
    #expect(error(FCMRig.account().text, settings)?.field == "settings.\(name)")
  }

  @Test func theGuideNamesEverySetting() {
    let names = FCMChannel.guide.settings.map(\.name)
    #expect(
      Set(names) == [
        "url", "trust_root", "project_id", "messages_per_minute", "ramp_seconds", "apns_block",
        "webpush_block",
      ])
    #expect(FCMChannel.guide.settings.allSatisfy { !$0.isRequired })
  }
}
