internal import Crypto
internal import PushCore

internal import struct Foundation.Data

/// A `.p8` key with the ids under which Apple knows it: what provider tokens are made of.
struct SigningKey: Sendable {
  let teamID: String
  let keyID: String
  /// Tells keys apart without showing them: SHA-256 of the public key.
  let fingerprint: [UInt8]
  private let key: P256.Signing.PrivateKey

  init(pem: SecretText, teamID: String?, keyID: String?) throws(FieldError) {
    let blocks = PEMBlocks(pem)
    guard !blocks.labels.isEmpty else {
      throw FieldError(
        .badFormat, "secret",
        "holds no PEM block; give the whole text of the .p8 file, or certificate and key as PEM.")
    }
    if blocks.hold(label: "ENCRYPTED PRIVATE KEY") {
      throw FieldError(.badFormat, "secret", "is an encrypted key; give it without passphrase.")
    }
    do {
      key = try P256.Signing.PrivateKey(pemRepresentation: pem.reveal())
    } catch {
      throw FieldError(
        .badFormat, "secret",
        "holds no P-256 private key; the .p8 file that Apple gives out holds one in PKCS#8.")
    }
    guard let teamID else {
      throw FieldError(
        .missing, "settings.team_id", "is missing; it stands in the membership page of the team.")
    }
    guard let keyID else {
      throw FieldError(
        .missing, "settings.key_id", "is missing; it stands beside the key and in its file's name.")
    }
    self.teamID = teamID
    self.keyID = keyID
    fingerprint = Array(SHA256.hash(data: key.publicKey.rawRepresentation))
  }

  /// Signs a token and verifies it with the public half.
  func check() throws(FieldError) {
    let token = try mint(issuedAt: 0)
    let parts = token.split(separator: ".")
    guard parts.count == 3, let raw = Base64URL.decode(parts[2]),
      let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw),
      key.publicKey.isValidSignature(
        signature, for: Data((parts[0] + "." + parts[1]).utf8))
    else { throw FieldError(.badFormat, "secret", "holds a key whose signatures don't verify.") }
  }

  /// A provider token (JWT, ES256, raw r‖s) that Apple takes for an hour from `issuedAt`.
  /// - Parameter issuedAt: Seconds since 1970.
  func mint(issuedAt: Int64) throws(FieldError) -> String {
    let header = #"{"alg":"ES256","kid":"\#(keyID)"}"#
    let claims = #"{"iss":"\#(teamID)","iat":\#(issuedAt)}"#
    let signed = Base64URL.encode(Data(header.utf8)) + "." + Base64URL.encode(Data(claims.utf8))
    do {
      let signature = try key.signature(for: Data(signed.utf8))
      return signed + "." + Base64URL.encode(signature.rawRepresentation)
    } catch {
      throw FieldError(.badFormat, "secret", "holds a key that can't sign.")
    }
  }
}

/// Base64 as JSON Web Tokens write it: `-` and `_`, no padding.
enum Base64URL {
  static func encode(_ data: Data) -> String {
    String(
      decoding: data.base64EncodedData().compactMap { byte -> UInt8? in
        switch byte {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        case UInt8(ascii: "="): nil
        default: byte
        }
      }, as: UTF8.self)
  }

  static func decode(_ text: some StringProtocol) -> Data? {
    var bytes = text.utf8.map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: byte
      }
    }
    while bytes.count % 4 != 0 { bytes.append(UInt8(ascii: "=")) }
    return Data(base64Encoded: Data(bytes))
  }
}
