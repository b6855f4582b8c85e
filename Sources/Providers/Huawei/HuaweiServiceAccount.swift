internal import JWTKit
internal import PushCore

/// A service account, as the file says that Huawei gives out for its key.
/// Source: Huawei, "Generating a JWT Based on a Service Account".
struct HuaweiServiceAccount: Sendable {
  let projectID: String
  private let keyID: String
  private let subAccount: String
  private let audience: String
  private let key: Insecure.RSA.PrivateKey

  private static let usualAudience = HuaweiCredential.loginOrigin + "/oauth2/v3/token"
  /// The longest that Huawei takes.
  private static let lifeSeconds: Int64 = 3_600
  private static let textBytes = 512
  private static let keyBytes = 16_384

  /// The file's members where the secret is a JSON object; nil: it is a client secret.
  static func file(_ secret: SecretText) throws(FieldError) -> Fields? {
    guard let json = try? JSON.parse(secret.reveal()), json.members != nil else { return nil }
    return try Fields(json)
  }

  /// - Throws: ``FieldError`` about `secret` that says which member of the file does not fit.
  init(_ file: Fields) throws(FieldError) {
    projectID = try Self.text("project_id", file)
    guard PathName.isOne(projectID) else {
      throw Self.error(.badFormat, "has a project_id that is no project's.")
    }
    keyID = try Self.text("key_id", file)
    subAccount = try Self.text("sub_account", file)
    audience = file.holds("token_uri") ? try Self.text("token_uri", file) : Self.usualAudience
    let pem = try Self.text("private_key", file, maxBytes: Self.keyBytes)
    do {
      key = try Insecure.RSA.PrivateKey(pem: pem)
    } catch {
      throw Self.error(
        .badFormat,
        "has a private_key that is no RSA key of 2,048 bits or more in PEM; give the file as Huawei"
          + " gave it out, each \\n of the key in its place.")
    }
  }

  /// A session's token, signed here: a JSON Web Token in PS256.
  func session(at now: Timestamp) async throws -> SessionToken {
    let claims = Claims(
      iss: subAccount, aud: audience, iat: now.seconds, exp: now.seconds + Self.lifeSeconds)
    let keys = JWTKeyCollection()
    let kid = JWKIdentifier(string: keyID)
    await keys.add(pss: key, digestAlgorithm: .sha256, kid: kid)
    let text = try await keys.sign(claims, kid: kid)
    return SessionToken(
      text: SecretText(text), expiresAt: Timestamp(microseconds: claims.exp * 1_000_000))
  }

  private static func text(
    _ name: String, _ file: Fields, maxBytes: Int = textBytes
  ) throws(FieldError) -> String {
    guard let text = file[name]?.string, !text.isEmpty else {
      throw error(.missing, "has no text \(name); give the service account's file whole.")
    }
    guard text.utf8.count <= maxBytes else {
      throw error(
        .tooLong,
        "has a \(name) of \(text.utf8.count) bytes; at most \(maxBytes) are allowed.")
    }
    return text
  }

  private static func error(_ code: FieldError.Code, _ problem: String) -> FieldError {
    FieldError(code, "secret", problem)
  }
}

private struct Claims: JWTPayload {
  var iss: String
  var aud: String
  /// Seconds since 1970.
  var iat: Int64
  var exp: Int64

  func verify(using _: some JWTAlgorithm) {}
}
