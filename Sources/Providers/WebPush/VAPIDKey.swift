internal import Crypto
internal import Foundation
internal import PushCore

/// The key pair by which push services know a sender (RFC 8292): browsers subscribe with its public
/// half, and every push is signed with the private one.
struct VAPIDKey: Sendable {
  private static let rawBytes = 32
  private static let pointBytes = 65
  private static let pemOpenings = [
    "-----BEGIN PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----",
  ]
  /// Of a signed token, in base64url: `{"typ":"JWT","alg":"ES256"}`.
  private static let header = Base64URL.encode(Data(#"{"typ":"JWT","alg":"ES256"}"#.utf8))

  private let key: P256.Signing.PrivateKey

  /// - Parameter secret: PEM in PKCS#8 or SEC1, or the 32 bytes in base64url.
  /// - Throws: ``FieldError`` that names `secret`.
  init(_ secret: SecretText) throws(FieldError) {
    let text = secret.reveal().trimmingCharacters(in: .whitespacesAndNewlines)
    if PEMBlocks(secret).hold(label: "ENCRYPTED PRIVATE KEY") {
      throw FieldError(.badFormat, "secret", "is an encrypted key; give it without passphrase.")
    }
    if text.contains("-----BEGIN") {
      // What OpenSSL puts before the key, its parameters, is left out.
      let start = Self.pemOpenings.compactMap { text.range(of: $0)?.lowerBound }.min()
      guard let start,
        let key = try? P256.Signing.PrivateKey(pemRepresentation: String(text[start...]))
      else {
        throw FieldError(
          .badFormat, "secret", "holds no P-256 private key in PEM (PKCS#8 or SEC1).")
      }
      self.key = key
    } else {
      let bytes = Base64URL.decode(text)
      if bytes?.count == Self.pointBytes {
        throw FieldError(
          .badFormat, "secret", "is the public key; give the private one, 32 bytes in base64url.")
      }
      guard let bytes, bytes.count == Self.rawBytes,
        let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes)
      else {
        throw FieldError(
          .badFormat, "secret",
          "is neither a P-256 private key in PEM nor one of 32 bytes in base64url.")
      }
      self.key = key
    }
    try check()
  }

  /// The uncompressed point, 65 bytes in base64url: a browser's `applicationServerKey`.
  var publicKey: String { Base64URL.encode(key.publicKey.x963Representation) }

  /// A token that a push service takes until `expiresAt`.
  ///
  /// - Parameter audience: The service's origin, such as `https://push.example`.
  func mint(audience: String, subject: String, expiresAt: Timestamp) throws(FieldError) -> String {
    let claims: JSON = [
      "aud": .string(audience), "exp": .integer(expiresAt.seconds), "sub": .string(subject),
    ]
    let signed = Self.header + "." + Base64URL.encode(Data(claims.serialized()))
    do {
      let signature = try key.signature(for: Data(signed.utf8))
      return signed + "." + Base64URL.encode(signature.rawRepresentation)
    } catch {
      throw FieldError(.badFormat, "secret", "holds a key that can't sign.")
    }
  }

  /// Signs, and verifies it with the public half.
  private func check() throws(FieldError) {
    let text = Data(publicKey.utf8)
    guard let signature = try? key.signature(for: text),
      key.publicKey.isValidSignature(signature, for: text)
    else { throw FieldError(.badFormat, "secret", "holds a key whose signatures don't verify.") }
  }
}
