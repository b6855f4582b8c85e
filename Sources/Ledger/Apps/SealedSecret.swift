import Crypto
import PushCore

/// Whose secret it is. What was sealed for one opens for no other.
struct SecretOwner: Sendable, Hashable {
  var app: String
  var provider: String
  var credentialID: String

  /// What is authenticated beside the secret. None of the parts holds a zero byte.
  var authenticated: [UInt8] {
    Array(app.utf8) + [0] + Array(provider.utf8) + [0] + Array(credentialID.utf8)
  }
}

/// A secret as `ledger.provider_credentials` keeps it, under AES-256-GCM (NIST SP 800-38D):
///
///     version 1 │ nonce, 12 bytes │ ciphertext, as long as the secret │ tag, 16 bytes
struct SealedSecret: Sendable, Equatable {
  static let version: UInt8 = 1

  var bytes: [UInt8]
  /// See ``MasterKeys/currentID``.
  var keyID: String

  init(bytes: [UInt8], keyID: String) {
    self.bytes = bytes
    self.keyID = keyID
  }

  /// Seals under the current key, with a fresh nonce.
  init(_ secret: String, of owner: SecretOwner, under keys: MasterKeys) throws(FieldError) {
    let box: AES.GCM.SealedBox
    do {
      box = try AES.GCM.seal(
        Array(secret.utf8), using: keys.current.symmetric, authenticating: owner.authenticated)
    } catch {
      throw FieldError(.malformed, "secret", "could not be sealed. Try again.")
    }
    bytes = [Self.version] + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    keyID = keys.current.id
  }

  /// - Throws: ``FieldError`` that says why not, and what to do; its field is `secret`.
  func opened(for owner: SecretOwner, with keys: MasterKeys?) throws(FieldError) -> String {
    guard let key = keys?.key(keyID) else {
      throw FieldError(
        .unknownValue, "secret",
        "is sealed under key \(keyID), which this process has not: set PUSHLEDGER_MASTER_KEY or "
          + "PUSHLEDGER_MASTER_KEY_FILE.")
    }
    guard bytes.first == Self.version else {
      throw FieldError(
        .unknownValue, "secret",
        "is sealed in a form that this version does not know. Use the version that sealed it, or "
          + "add the credential again with --replace.")
    }
    guard let box = try? AES.GCM.SealedBox(combined: bytes.dropFirst()),
      let opened = try? AES.GCM.open(
        box, using: key.symmetric, authenticating: owner.authenticated)
    else {
      throw FieldError(
        .malformed, "secret",
        "was changed after it was sealed under key \(keyID), or sealed for another credential. "
          + "Add the credential again with --replace.")
    }
    return String(decoding: opened, as: UTF8.self)
  }
}
