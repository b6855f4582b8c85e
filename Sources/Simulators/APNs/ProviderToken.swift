import Crypto
import Foundation
import PushCore

/// A provider token that is well-formed and rightly signed; whether it is in time is asked at
/// each push.
struct ProviderToken {
  var key: APNsSimulatorKey
  /// `iat`, seconds since 1970.
  var issuedAt: Int64
}

/// A provider token's parts, before anything about it is known to be true.
///
/// Apple takes more than RFC 7519 says: `iat` may be a string of digits, and the signature may be
/// DER, as `openssl dgst -sign` makes it.
struct UnverifiedProviderToken {
  var keyID: String
  var teamID: String
  var issuedAt: Int64
  private var signedText: Substring
  private var signature: Data

  static let maxBytes = 4_096

  init?(_ text: Substring) {
    guard text.utf8.count <= Self.maxBytes else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Self.json(parts[0]), let claims = Self.json(parts[1]),
      let signature = Self.bytes(parts[2]), head["alg"]?.string == "ES256",
      let keyID = head["kid"]?.string, let teamID = claims["iss"]?.string,
      let issuedAt = claims["iat"].flatMap(Self.seconds)
    else { return nil }
    self.keyID = keyID
    self.teamID = teamID
    self.issuedAt = issuedAt
    self.signature = signature
    signedText = text[..<parts[1].endIndex]
  }

  func isSigned(by key: P256.Signing.PublicKey) -> Bool {
    let digest = SHA256.hash(data: Array(signedText.utf8))
    if signature.count == 64,
      let raw = try? P256.Signing.ECDSASignature(rawRepresentation: signature),
      key.isValidSignature(raw, for: digest)
    {
      return true
    }
    guard let der = try? P256.Signing.ECDSASignature(derRepresentation: signature) else {
      return false
    }
    return key.isValidSignature(der, for: digest)
  }

  private static func seconds(_ value: JSON) -> Int64? {
    value.integer ?? value.string.flatMap { Int64($0) }
  }

  private static func json(_ part: Substring) -> JSON? {
    bytes(part).flatMap { try? JSON.parse($0) }
  }

  private static func bytes(_ part: Substring) -> Data? {
    guard !part.isEmpty else { return nil }
    var base64 = String(part.replacing("-", with: "+").replacing("_", with: "/"))
    if !base64.utf8.count.isMultiple(of: 4) {
      base64 += String(repeating: "=", count: 4 - base64.utf8.count % 4)
    }
    return Data(base64Encoded: base64)
  }
}
