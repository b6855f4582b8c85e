import Crypto
import Foundation

/// What a browser does with a push's body (RFC 8291 over RFC 8188), step by step.
enum WebPushDecryption {
  static let maxBodyBytes = 4_096
  private static let saltBytes = 16
  private static let pointBytes = 65
  private static let headBytes = saltBytes + 4 + 1 + pointBytes
  private static let tagBytes = 16

  static func decrypt(
    _ body: [UInt8], key: P256.KeyAgreement.PrivateKey, auth: [UInt8]
  ) throws(WebPushProblem) -> [UInt8] {
    guard body.count > headBytes + tagBytes, Int(body[20]) == pointBytes else {
      throw .recordMalformed
    }
    let recordSize = body[16..<20].reduce(0) { $0 << 8 | Int($1) }
    let sealed = body[headBytes...]
    // There is one record, so it is no longer than a record may be.
    guard recordSize >= tagBytes + 2, sealed.count <= recordSize,
      let sender = try? P256.KeyAgreement.PublicKey(
        x963Representation: Array(body[21..<headBytes]))
    else { throw .recordMalformed }
    let plain: [UInt8]
    do {
      plain = try open(
        sealed, secret: secret(of: key, and: sender, auth: auth), salt: Array(body[..<saltBytes]))
    } catch {
      throw .undecryptable
    }
    // Behind the text stands 2, and then zeros alone.
    guard let end = plain.lastIndex(where: { $0 != 0 }), plain[end] == 2 else {
      throw .undecryptable
    }
    return Array(plain[..<end])
  }

  private static func secret(
    of key: P256.KeyAgreement.PrivateKey, and sender: P256.KeyAgreement.PublicKey, auth: [UInt8]
  ) throws -> [UInt8] {
    let shared = try key.sharedSecretFromKeyAgreement(with: sender)
    let first = mac(auth, shared.withUnsafeBytes { Array($0) })
    let info =
      Array("WebPush: info\0".utf8) + key.publicKey.x963Representation
      + sender.x963Representation
    return mac(first, info + [1])
  }

  private static func open(
    _ sealed: ArraySlice<UInt8>, secret: [UInt8], salt: [UInt8]
  ) throws -> [UInt8] {
    let random = mac(salt, secret)
    let key = mac(random, Array("Content-Encoding: aes128gcm\0".utf8) + [1]).prefix(16)
    let nonce = mac(random, Array("Content-Encoding: nonce\0".utf8) + [1]).prefix(12)
    let box = try AES.GCM.SealedBox(
      nonce: AES.GCM.Nonce(data: nonce), ciphertext: sealed.dropLast(tagBytes),
      tag: sealed.suffix(tagBytes))
    return Array(try AES.GCM.open(box, using: SymmetricKey(data: key)))
  }

  private static func mac(_ key: [UInt8], _ data: [UInt8]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: data, using: SymmetricKey(data: key)))
  }
}
