import Crypto
import Synchronization

/// UserSigs that were found to be made with a key, by the hash of their text: a backend sends the same
/// one for months, and to read and check it costs more than to store a message.
final class KnownSigs: Sendable {
  private static let limit = 1_000

  private struct Entry {
    var sig: UserSig
    var secretKey: String
  }

  private let entries = Mutex<[SHA256Digest: Entry]>([:])

  /// Checks as ``UserSig/verify(identifier:sdkAppID:now:secretKey:)`` does.
  func verify(
    _ text: String, identifier: String, sdkAppID: Int64, now: Int64, secretKey: String
  ) throws(UserSigError) {
    let mark = SHA256.hash(data: Array(text.utf8.prefix(UserSig.textBytes + 1)))
    if let known = entries.withLock({ $0[mark] }), known.secretKey == secretKey {
      return try known.sig.check(identifier: identifier, sdkAppID: sdkAppID, now: now)
    }
    let sig = try UserSig(reading: text)
    try sig.verify(identifier: identifier, sdkAppID: sdkAppID, now: now, secretKey: secretKey)
    let entry = Entry(sig: sig, secretKey: secretKey)
    entries.withLock { entries in
      if entries.count >= Self.limit { entries = [:] }
      entries[mark] = entry
    }
  }
}
