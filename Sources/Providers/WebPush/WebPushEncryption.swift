internal import Crypto
internal import Foundation

/// Encrypts for one browser, so that no push service can read it (RFC 8291 over RFC 8188).
///
/// ```
/// ECDH(sender, browser) ─ HKDF(auth) ─▶ IKM ─ HKDF(salt) ─▶ key, nonce ─▶ AES-128-GCM
///
/// salt 16 │ record size 4 │ 65 │ sender's public key 65 │ ciphertext, with the tag of 16
/// ```
enum WebPushEncryption {
  /// A service takes bodies up to 4,096 bytes: less the 86 before the ciphertext, the delimiter and
  /// the tag.
  static let plaintextBytes = 3_993
  static let saltBytes = 16
  private static let recordSize: [UInt8] = [0, 0, 0x10, 0]
  /// Marks the last record.
  private static let delimiter: UInt8 = 2

  /// The keys of a subscription.
  struct Recipient: Sendable {
    fileprivate let publicKey: P256.KeyAgreement.PublicKey
    fileprivate let auth: [UInt8]

    /// - Parameter publicKey: An uncompressed point, 65 bytes.
    init?(publicKey: [UInt8], auth: [UInt8]) {
      guard publicKey.first == 4,
        let key = try? P256.KeyAgreement.PublicKey(x963Representation: publicKey)
      else { return nil }
      self.publicKey = key
      self.auth = auth
    }
  }

  /// - Parameters:
  ///   - sender: A key pair for this message alone; not the VAPID key.
  ///   - salt: 16 random bytes, for this message alone.
  /// - Returns: The body of `content-encoding: aes128gcm`.
  static func encrypt(
    _ plaintext: [UInt8], for recipient: Recipient,
    sender: P256.KeyAgreement.PrivateKey = P256.KeyAgreement.PrivateKey(),
    salt: [UInt8] = randomSalt()
  ) throws -> [UInt8] {
    let own = sender.publicKey.x963Representation
    let secret = try sender.sharedSecretFromKeyAgreement(with: recipient.publicKey)
    let info = Data("WebPush: info\0".utf8) + recipient.publicKey.x963Representation + own
    let input = secret.hkdfDerivedSymmetricKey(
      using: SHA256.self, salt: recipient.auth, sharedInfo: info, outputByteCount: 32)
    let key = derive("aes128gcm", 16, from: input, salt)
    let nonce = derive("nonce", 12, from: input, salt)
    let sealed = try AES.GCM.seal(
      plaintext + [delimiter], using: key,
      nonce: AES.GCM.Nonce(data: nonce.withUnsafeBytes { Array($0) }))
    return salt + recordSize + [UInt8(own.count)] + own + sealed.ciphertext + sealed.tag
  }

  private static func derive(
    _ name: String, _ bytes: Int, from input: SymmetricKey, _ salt: [UInt8]
  ) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: input, salt: salt, info: Array("Content-Encoding: \(name)\0".utf8),
      outputByteCount: bytes)
  }

  static func randomSalt() -> [UInt8] {
    (0..<saltBytes).map { _ in UInt8.random(in: .min ... .max) }
  }
}
