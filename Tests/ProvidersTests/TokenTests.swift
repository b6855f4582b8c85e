import Crypto
import PushCore
import Testing

@testable import Providers

@Suite struct RefreshProviderToken {
  private let clock = ManualClock()
  private let tokens: ProviderTokens

  init() throws {
    tokens = ProviderTokens(
      key: try SigningKey(
        pem: SecretText(P256.Signing.PrivateKey().pemRepresentation), teamID: "TEAM000001",
        keyID: "KEY0000001"))
  }

  private func generation() throws -> Int { try tokens.token(at: clock.now).generation }

  @Test func oneTokenServesFortyFiveMinutes() throws {
    #expect(try generation() == 1)
    clock.advance(.seconds(45 * 60 - 1))
    #expect(try generation() == 1)
    clock.advance(.seconds(1))
    #expect(try generation() == 2)
    #expect(tokens.minted == 2)
  }

  /// A timer would make the second token too early; the age decides.
  @Test func aTokenMadeLateIsReplacedLate() throws {
    #expect(try generation() == 1)
    clock.advance(.seconds(3 * 3600))
    #expect(try generation() == 2)
    clock.advance(.seconds(44 * 60))
    #expect(try generation() == 2)
  }

  @Test func aRefusedTokenIsReplacedOnceAndNotBeforeTwentyMinutes() throws {
    #expect(try generation() == 1)
    clock.advance(.seconds(15 * 60))
    #expect(tokens.refused(generation: 1, at: clock.now) == .seconds(5 * 60))
    #expect(try generation() == 1)
    clock.advance(.seconds(5 * 60))
    #expect(tokens.refused(generation: 1, at: clock.now) == .zero)
    #expect(try generation() == 2)
    // Late news of the old token change nothing.
    #expect(tokens.refused(generation: 1, at: clock.now) == .zero)
    #expect(try generation() == 2)
  }

  @Test func tooManyUpdatesKeepTheTokenAsLongAsItIsGood() throws {
    #expect(try generation() == 1)
    clock.advance(.seconds(40 * 60))
    tokens.tooManyUpdates(at: clock.now)
    clock.advance(.seconds(14 * 60))
    #expect(try generation() == 1)
    clock.advance(.seconds(60))
    #expect(try generation() == 2)
  }

  @Test func aClockSetBackMakesANewToken() throws {
    #expect(try generation() == 1)
    clock.advance(.seconds(-600))
    #expect(try generation() == 1)
    clock.advance(.seconds(-3600))
    #expect(try generation() == 2)
  }

  @Test func keysTeamsAndEnvironmentsHaveTokensOfTheirOwn() throws {
    let pem = SecretText(P256.Signing.PrivateKey().pemRepresentation)
    let key = try SigningKey(pem: pem, teamID: "TEAM000001", keyID: "KEY0000001")
    let same = try SigningKey(pem: pem, teamID: "TEAM000001", keyID: "KEY0000001")
    let otherTeam = try SigningKey(pem: pem, teamID: "TEAM000002", keyID: "KEY0000001")
    let vault = ProviderTokenVault()
    let tokens = vault.tokens(of: key, environment: .production)
    #expect(vault.tokens(of: same, environment: .production) === tokens)
    #expect(vault.tokens(of: key, environment: .sandbox) !== tokens)
    #expect(vault.tokens(of: otherTeam, environment: .production) !== tokens)
  }
}

@Suite struct SignProviderToken {
  @Test func headerClaimsAndSignatureAreWhatAppleAsksFor() throws {
    let secret = P256.Signing.PrivateKey()
    let key = try SigningKey(
      pem: SecretText(secret.pemRepresentation), teamID: "TEAM000001", keyID: "KEY0000001")
    let parts = try key.mint(issuedAt: 1_700_000_000).split(separator: ".")
    let header = try JSON.parse(try #require(Base64URL.decode(parts[0])))
    let claims = try JSON.parse(try #require(Base64URL.decode(parts[1])))
    #expect(header == ["alg": "ES256", "kid": "KEY0000001"])
    #expect(claims == ["iss": "TEAM000001", "iat": 1_700_000_000])
    let raw = try #require(Base64URL.decode(parts[2]))
    #expect(raw.count == 64)
    let signed = Array((parts[0] + "." + parts[1]).utf8)
    #expect(
      secret.publicKey.isValidSignature(
        try P256.Signing.ECDSASignature(rawRepresentation: raw), for: signed))
  }

  /// G13.
  @Test func secretsShowInNoText() throws {
    let secret = SecretText("bearer abc")
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), String(describing: secret), dumped] {
      #expect(!text.contains("abc"))
    }
    var holder = ""
    dump(ProviderToken(authorization: secret, generation: 1), to: &holder)
    #expect(!holder.contains("abc"))
  }
}
