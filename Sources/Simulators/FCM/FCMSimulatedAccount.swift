public import PushCore
import SwiftASN1
import X509

/// A service account that the simulator knows: what Google keeps of one, the public half of its
/// key.
public struct FCMSimulatedAccount: Sendable {
  public let email: String
  public let projectID: String
  let key: Certificate.PublicKey

  private static let keyBytes = 16_384

  /// - Parameter file: The service account's JSON file; `public_key` may stand in it for
  ///   `private_key`, both as PEM.
  /// - Throws: ``FieldError`` that names what is missing or can't be read.
  public init(file: JSON) throws(FieldError) {
    let fields = try Fields(file)
    func text(_ name: String) throws(FieldError) -> String {
      try fields.required(name) { name throws(FieldError) in try fields.string(name) }
    }
    email = try text("client_email")
    projectID = try text("project_id")
    if let pem = try fields.string("public_key", maxBytes: Self.keyBytes) {
      guard let key = try? Certificate.PublicKey(pemEncoded: pem) else {
        throw FieldError(.badFormat, "public_key", "is no public key in PEM.")
      }
      self.key = key
    } else {
      guard let key = try? Certificate.PrivateKey(pemEncoded: try text("private_key")) else {
        throw FieldError(.badFormat, "private_key", "is no private key in PEM.")
      }
      self.key = key.publicKey
    }
  }
}
