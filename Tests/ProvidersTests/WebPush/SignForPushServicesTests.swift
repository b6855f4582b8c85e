import Crypto
import Foundation
import PushCore
import Simulators
import Testing

@testable import Providers

@Suite struct SignForPushServices {
  private let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private func tokens() throws -> (VAPIDTokens, P256.Signing.PublicKey) {
    let key = P256.Signing.PrivateKey()
    let tokens = VAPIDTokens(
      key: try VAPIDKey(SecretText(key.pemRepresentation)), subject: WebPushRig.subject)
    return (tokens, key.publicKey)
  }

  private func part(_ token: String, _ index: Int) throws -> [UInt8] {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    try #require(parts.count == 3)
    return Array(try #require(Base64URL.decode(parts[index])))
  }

  @Test func aTokenSaysWhoForWhomAndUntilWhen() throws {
    let (tokens, key) = try tokens()
    let token = try tokens.token(for: "https://push.example:8443", at: now)
    #expect(try JSON.parse(part(token, 0)) == ["typ": "JWT", "alg": "ES256"])
    #expect(
      try JSON.parse(part(token, 1)) == [
        "aud": "https://push.example:8443", "exp": .integer(now.seconds + 12 * 3_600),
        "sub": "mailto:push@example.com",
      ])
    let signature = try P256.Signing.ECDSASignature(rawRepresentation: part(token, 2))
    let signed = try #require(token.lastIndex(of: ".").map { token[..<$0] })
    #expect(key.isValidSignature(signature, for: Data(signed.utf8)))
    #expect(!token.contains("="))
  }

  @Test func aTokenIsKeptForElevenHours() throws {
    let (tokens, _) = try tokens()
    let first = try tokens.token(for: "https://push.example", at: now)
    #expect(try tokens.token(for: "https://push.example", at: now + .seconds(11 * 3_600)) == first)
    let later = now + .seconds(11 * 3_600 + 1)
    let second = try tokens.token(for: "https://push.example", at: later)
    #expect(second != first)
    #expect(try tokens.token(for: "https://push.example", at: later) == second)
  }

  /// Its end would lie more than a day ahead of the services' clocks.
  @Test func aClockThatWasSetBackGetsANewToken() throws {
    let (tokens, _) = try tokens()
    let first = try tokens.token(for: "https://push.example", at: now)
    let before = now - .seconds(86_400)
    #expect(try tokens.token(for: "https://push.example", at: before) != first)
  }

  @Test func eachServiceHasATokenOfItsOwn() throws {
    let (tokens, _) = try tokens()
    let first = try tokens.token(for: "https://push.example", at: now)
    #expect(try tokens.token(for: "https://push.example:8443", at: now) != first)
    #expect(try tokens.token(for: "https://push.example", at: now) == first)
  }

  @Test func oneTokenCarriesManyPushes() async throws {
    try await WebPushRig.with { rig async throws in
      for dialect in WebPushDialect.allCases {
        let browser = try rig.subscribe(dialect)
        #expect(await rig.send(browser).outcome == .accepted)
        rig.clock.advance(.seconds(6 * 3_600))
        rig.simulatorClock.advance(.seconds(6 * 3_600))
        #expect(await rig.send(browser).outcome == .accepted)
      }
    }
  }

  /// Of the same answers as the fates, but for real reasons.
  private static let otherKeys: [(WebPushDialect, Int, String)] = [
    (.fcm, 403, "http_403"), (.mozilla, 401, "errno_109"), (.apple, 400, "VapidPkHashMismatch"),
    (.wns, 403, "dropped"),
  ]

  @Test(arguments: otherKeys)
  func aSubscriptionOfAnOlderKeyIsGivenUpAlone(
    _ dialect: WebPushDialect, _ status: Int, _ reason: String
  ) async throws {
    try await WebPushRig.with { rig async throws in
      let older = Base64URL.encode(P256.Signing.PrivateKey().publicKey.x963Representation)
      let result = await rig.send(try rig.subscribe(dialect, key: older))
      #expect(result.outcome == .rejected)
      #expect(result.blame == .delivery)
      #expect(result.status == status)
      #expect(result.reason == reason)
      let subscription = try rig.subscribe(dialect)
      #expect(await rig.send(subscription).outcome == .accepted)
    }
  }

  private static let wrongClocks: [(WebPushDialect, Int, String)] = [
    (.fcm, 403, "http_403"), (.mozilla, 401, "errno_109"), (.apple, 403, "BadJwtToken"),
    (.wns, 403, "dropped"),
  ]

  @Test(arguments: wrongClocks)
  func aClockThatIsWrongByHalfADayIsSeen(
    _ dialect: WebPushDialect, _ status: Int, _ reason: String
  ) async throws {
    for ahead: Int64 in [-12 * 3_600, 12 * 3_600 + 1] {
      try await WebPushRig.with { rig async throws in
        rig.clock.advance(.seconds(ahead))
        let result = await rig.send(try rig.subscribe(dialect))
        #expect(result.outcome == .rejected)
        #expect(result.status == status)
        #expect(result.reason == reason)
      }
    }
  }

  @Test func aClockThatIsWrongByElevenHoursIsForgiven() async throws {
    for ahead: Int64 in [-11 * 3_600, 11 * 3_600] {
      try await WebPushRig.with { rig async throws in
        rig.clock.advance(.seconds(ahead))
        let subscription = try rig.subscribe(.apple)
        #expect(await rig.send(subscription).outcome == .accepted)
      }
    }
  }
}
