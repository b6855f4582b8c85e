internal import JWTKit
internal import PushCore

/// A service account, as the file says that Google gives out for it.
struct FCMServiceAccount: Sendable {
  let projectID: String
  let clientEmail: String
  /// Nil: Google tries all keys of the account.
  let keyID: String?
  let tokenURI: String
  private let key: Insecure.RSA.PrivateKey

  static let googleTokenURI = "https://oauth2.googleapis.com/token"
  private static let scope = "https://www.googleapis.com/auth/firebase.messaging"
  /// The longest that Google takes.
  private static let assertionSeconds: Int64 = 3_600
  private static let textBytes = 512
  private static let keyBytes = 16_384

  /// - Throws: ``FieldError`` about `secret` that says which member of the file does not fit.
  init(_ secret: SecretText) throws(FieldError) {
    let file = try Self.members(of: secret)
    projectID = try Self.required("project_id", file)
    guard Self.isProject(projectID) else {
      throw Self.error(.badFormat, "has a project_id that is no project's.")
    }
    clientEmail = try Self.required("client_email", file)
    keyID = try Self.text("private_key_id", file)
    tokenURI = try Self.text("token_uri", file) ?? Self.googleTokenURI
    guard Self.path(of: tokenURI) != nil, tokenURI.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw Self.error(.badFormat, "has a token_uri that is no https URL.") }
    let pem = try Self.required("private_key", file, maxBytes: Self.keyBytes)
    do {
      // Reading a key includes the check that its numbers belong together: what is read signs.
      key = try Insecure.RSA.PrivateKey(pem: pem)
    } catch {
      throw Self.error(
        .badFormat,
        "has a private_key that is no RSA key of 2,048 bits or more in PEM; give the file as Google"
          + " gave it out, each \\n of the key in its place.")
    }
  }

  /// What asks for a session, as a JSON Web Token in RS256 (RFC 7523).
  func assertion(at now: Timestamp) async throws -> String {
    let claims = Claims(
      iss: clientEmail, scope: Self.scope, aud: tokenURI, iat: now.seconds,
      exp: now.seconds + Self.assertionSeconds)
    let keys = JWTKeyCollection()
    let kid = keyID.map { JWKIdentifier(string: $0) }
    await keys.add(rsa: key, digestAlgorithm: .sha256, kid: kid)
    return try await keys.sign(claims, kid: kid)
  }

  /// `/token`: where the path of `tokenURI` leads to.
  var tokenPath: String { Self.path(of: tokenURI) ?? "/token" }

  /// An id such as `shop-7f3a1`, one within a domain such as `example.com:shop`, or a number.
  static func isProject(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 128
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: ":"):
          true
        default: false
        }
      }
  }
}

private struct Claims: JWTPayload {
  var iss: String
  var scope: String
  var aud: String
  /// Seconds since 1970.
  var iat: Int64
  var exp: Int64

  func verify(using _: some JWTAlgorithm) {}
}

// MARK: - Reading the file

extension FCMServiceAccount {
  private static func members(of secret: SecretText) throws(FieldError) -> Fields {
    guard let json = try? JSON.parse(secret.reveal()), json.members != nil else {
      throw error(
        .badFormat, "is no JSON object; give the whole text of the service account's file.")
    }
    let file = try Fields(json)
    if file.holds("project_info") {
      throw error(
        .unknownValue,
        "is the app's google-services.json; the service account's file is made under Service"
          + " accounts in the project's settings.")
    }
    let type = try required("type", file)
    guard type == "service_account" else {
      throw error(
        .unknownValue, "has the type \(FieldError.shown(type)); service_account is expected.")
    }
    return file
  }

  private static func text(
    _ name: String, _ file: Fields, maxBytes: Int = textBytes
  ) throws(FieldError) -> String? {
    guard let value = file[name] else { return nil }
    guard let text = value.string else {
      throw error(.wrongType, "has a \(name) that is \(value.kind); a string is expected.")
    }
    guard text.utf8.count <= maxBytes else {
      throw error(
        .tooLong,
        "has a \(name) of \(text.utf8.count) bytes; at most \(maxBytes) are allowed.")
    }
    return text.isEmpty ? nil : text
  }

  private static func required(
    _ name: String, _ file: Fields, maxBytes: Int = textBytes
  ) throws(FieldError) -> String {
    guard let text = try text(name, file, maxBytes: maxBytes) else {
      throw error(.missing, "has no \(name); give the service account's file whole.")
    }
    return text
  }

  private static func path(of url: String) -> String? {
    let rest = url.dropFirst("https://".count)
    guard url.hasPrefix("https://"), let slash = rest.firstIndex(of: "/"), slash > rest.startIndex
    else { return nil }
    return String(rest[slash...])
  }

  private static func error(_ code: FieldError.Code, _ problem: String) -> FieldError {
    FieldError(code, "secret", problem)
  }
}
