import Crypto
import PushCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The hashes of `ledger.append_batch`, computed a second time.
enum EventDigest {
  /// Microseconds from 1970 to 2000, from which PostgreSQL counts.
  private static let postgresEpoch: Int64 = 946_684_800_000_000
  private static let noContent = [UInt8](repeating: 0, count: 32)

  /// The chain before an app's first commit.
  static func origin(_ app: AppID) -> [UInt8] {
    Array(SHA256.hash(data: Array(app.rawValue.utf8)))
  }

  static func digest(of event: StoredEvent, contentSHA256: [UInt8]?) -> [UInt8] {
    var hash = SHA256()
    var head: [UInt8] = []
    head.reserveCapacity(34 + 32 + event.type.count + event.stream.count + 2)
    append(event.position, to: &head)
    withUnsafeBytes(of: event.id.uuid) { head.append(contentsOf: $0) }
    append(event.schema, to: &head)
    append(event.occurredAt.microseconds &- postgresEpoch, to: &head)
    head.append(contentsOf: contentSHA256 ?? noContent)
    head.append(contentsOf: event.type)
    head.append(UInt8(ascii: "\n"))
    head.append(contentsOf: event.stream)
    head.append(UInt8(ascii: "\n"))
    hash.update(data: head)
    hash.update(data: event.data)
    return Array(hash.finalize())
  }

  static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }
}

/// A commit's hash while its events come by.
struct ChainLink {
  private var hash = SHA256()

  init(after chain: [UInt8]) { hash.update(data: chain) }

  mutating func add(digest: [UInt8]) { hash.update(data: digest) }

  func finish(recordedAt: Timestamp) -> [UInt8] {
    var hash = hash
    let time = recordedAt.microseconds &- 946_684_800_000_000
    withUnsafeBytes(of: time.bigEndian) { hash.update(bufferPointer: $0) }
    return Array(hash.finalize())
  }
}
