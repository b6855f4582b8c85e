import Foundation
import PushCore
import X509

/// `https://oauth2.googleapis.com/token`: RFC 7523, as far as service accounts use it.
enum FCMTokenEndpoint {
  private static let grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  private static let scopes: Set<Substring> = [
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
  ]
  private static let audiences: Set<String> = [
    "https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token",
  ]
  private static let longestSeconds: Int64 = 3_600
  /// Clocks differ by so much.
  private static let skewSeconds: Int64 = 300

  struct Refusal: Error {
    var error: String
    var description: String

    init(_ error: String, _ description: String) {
      self.error = error
      self.description = description
    }

    static let badTimes = Refusal(
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        + " Check your iat and exp values in the JWT claim.")
  }

  static func answer(
    _ request: SimulatedRequest, _ simulation: FCMSimulation, _ world: SimulatedWorld
  ) -> SimulatedAnswer {
    do throws(Refusal) {
      let form = request.form
      guard form["grant_type"] == grantType else {
        throw Refusal("unsupported_grant_type", "Invalid grant_type: \(grantType) is expected.")
      }
      guard let text = form["assertion"], let assertion = FCMAssertion(text) else {
        throw Refusal("invalid_grant", "Invalid JWT: it can't be read, or is not in RS256.")
      }
      let account = try check(
        assertion, ownURL: "https://" + (request.header("host") ?? "") + request.path, simulation,
        at: world.now)
      let seconds = simulation.settings.sessionSeconds
      let token = world.issueSession(
        account.email, lifetime: .seconds(seconds), prefix: "ya29.")
      return .json(
        [
          "access_token": .string(token), "expires_in": .integer(seconds),
          "token_type": "Bearer",
        ])
    } catch {
      return .json(
        ["error": .string(error.error), "error_description": .string(error.description)],
        status: 400)
    }
  }

  private static func check(
    _ assertion: FCMAssertion, ownURL: String, _ simulation: FCMSimulation, at now: Timestamp
  ) throws(Refusal) -> FCMSimulatedAccount {
    guard let account = simulation.account(assertion.issuer) else {
      throw Refusal("invalid_grant", "Invalid grant: account not found")
    }
    guard assertion.isSigned(by: account.key) else {
      throw Refusal("invalid_grant", "Invalid JWT Signature.")
    }
    guard audiences.contains(assertion.audience) || assertion.audience == ownURL else {
      throw Refusal(
        "invalid_grant",
        "Invalid JWT: Failed audience check. The right audience is"
          + " https://oauth2.googleapis.com/token.")
    }
    let (from, to) = (assertion.issuedAt, assertion.expiresAt)
    guard from <= to, to - from <= longestSeconds, from <= now.seconds + skewSeconds,
      to > now.seconds - skewSeconds
    else { throw .badTimes }
    let asked = Set(assertion.scope.split(separator: " "))
    guard !scopes.isDisjoint(with: asked) else {
      throw Refusal(
        "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    }
    return account
  }
}

/// A JSON Web Token in RS256, before anything about it is known to be true.
struct FCMAssertion {
  var issuer: String
  var audience: String
  var scope: String
  /// Seconds since 1970.
  var issuedAt: Int64
  var expiresAt: Int64
  private var signed: Data
  private var signature: Data

  /// Times beyond these are none; a second more or less is counted without a care.
  private static let seconds: ClosedRange<Int64> = 0...253_402_300_799

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Self.json(parts[0]), head["alg"]?.string == "RS256",
      let claims = Self.json(parts[1]), let signature = Self.data(parts[2]),
      let issuer = claims["iss"]?.string, let audience = claims["aud"]?.string,
      let issuedAt = claims["iat"]?.integer, Self.seconds.contains(issuedAt),
      let expiresAt = claims["exp"]?.integer, Self.seconds.contains(expiresAt)
    else { return nil }
    self.issuer = issuer
    self.audience = audience
    scope = claims["scope"]?.string ?? ""
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    signed = Data(text[..<parts[1].endIndex].utf8)
    self.signature = signature
  }

  func isSigned(by key: Certificate.PublicKey) -> Bool {
    key.isValidSignature(signature, for: signed, signatureAlgorithm: .sha256WithRSAEncryption)
  }

  private static func json(_ part: Substring) -> JSON? {
    data(part).flatMap { try? JSON.parse($0) }
  }

  private static func data(_ part: Substring) -> Data? {
    let base64 = part.replacing("-", with: "+").replacing("_", with: "/")
    return Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4))
  }
}
