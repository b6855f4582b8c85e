import Foundation
import JWTKit
public import PushCore

/// A service account that the simulator knows: what Huawei keeps of one, the public half of its
/// key.
public struct HuaweiSimulatedAccount: Sendable {
  public let projectID: String
  public let keyID: String
  public let subAccount: String
  let key: Insecure.RSA.PublicKey

  private static let keyBytes = 16_384

  /// - Parameter file: The JSON file of the account's key; `public_key` may stand in it for
  ///   `private_key`, both as PEM.
  /// - Throws: ``FieldError`` that names what is missing or can't be read.
  public init(file: JSON) throws(FieldError) {
    let fields = try Fields(file)
    func text(_ name: String) throws(FieldError) -> String {
      try fields.required(name) { name throws(FieldError) in try fields.string(name) }
    }
    projectID = try text("project_id")
    keyID = try text("key_id")
    subAccount = try text("sub_account")
    if let pem = try fields.string("public_key", maxBytes: Self.keyBytes) {
      guard let key = try? Insecure.RSA.PublicKey(pem: pem) else {
        throw FieldError(.badFormat, "public_key", "is no public RSA key in PEM.")
      }
      self.key = key
    } else {
      guard let key = try? Insecure.RSA.PrivateKey(pem: try text("private_key")) else {
        throw FieldError(.badFormat, "private_key", "is no private RSA key in PEM.")
      }
      self.key = key.publicKey
    }
  }

  /// What checks the account's signatures.
  func algorithm() async -> (any JWTAlgorithm)? {
    let keys = await JWTKeyCollection().add(pss: key, digestAlgorithm: .sha256)
    return try? await keys.getKey()
  }
}

/// A token that a service account signed for itself, in PS256, before anything about it is known to
/// be true.
struct HuaweiSignedToken {
  var keyID: String
  var issuer: String
  var audience: String
  /// Seconds since 1970.
  var issuedAt: Int64
  var expiresAt: Int64
  private var signed: [UInt8]
  private var signature: Data

  private static let seconds: ClosedRange<Int64> = 0...253_402_300_799

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Self.json(parts[0]), head["alg"]?.string == "PS256",
      let keyID = head["kid"]?.string, let claims = Self.json(parts[1]),
      let issuer = claims["iss"]?.string, let audience = claims["aud"]?.string,
      let issuedAt = claims["iat"]?.integer, Self.seconds.contains(issuedAt),
      let expiresAt = claims["exp"]?.integer, Self.seconds.contains(expiresAt),
      let signature = Self.data(parts[2])
    else { return nil }
    self.keyID = keyID
    self.issuer = issuer
    self.audience = audience
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    signed = Array(text[..<parts[1].endIndex].utf8)
    self.signature = signature
  }

  func isSigned(by algorithm: any JWTAlgorithm) -> Bool {
    (try? algorithm.verify(signature, signs: signed)) ?? false
  }

  private static func json(_ part: Substring) -> JSON? {
    data(part).flatMap { try? JSON.parse(Array($0)) }
  }

  private static func data(_ part: Substring) -> Data? {
    let base64 = part.replacing("-", with: "+").replacing("_", with: "/")
    return Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4))
  }
}
