import Postgres
import PushCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A row of `ledger.events`, byte for byte as it is stored.
struct StoredEvent: Sendable {
  var position: Position
  var id: UUID
  var type: [UInt8]
  var schema: Int16
  var stream: [UInt8]
  var occurredAt: Timestamp
  var recordedAt: Timestamp
  var data: [UInt8]
  var content: [UInt8]?
  var contentSHA256: [UInt8]?
  var digest: [UInt8]

  static let columns = """
    position, event_id, type, schema, stream, occurred_at, recorded_at, data::text, content::text, \
    content_sha256, digest
    """
}

extension StoredEvent {
  init(_ row: PostgresRow) throws(PostgresError) {
    position = try row.get(0)
    id = try row.get(1)
    type = Self.bytes(row, 2) ?? []
    schema = try row.get(3)
    stream = Self.bytes(row, 4) ?? []
    occurredAt = try row.timestamp(5)
    recordedAt = try row.timestamp(6)
    data = Self.bytes(row, 7) ?? []
    content = Self.bytes(row, 8)
    contentSHA256 = Self.bytes(row, 9)
    digest = Self.bytes(row, 10) ?? []
  }

  private static func bytes(_ row: PostgresRow, _ column: Int) -> [UInt8]? {
    row.withBytes(column) { $0.map { [UInt8]($0) } }
  }
}

/// A row of `ledger.commits`.
struct StoredCommit: Sendable, Equatable {
  var number: Int64
  var first: Position
  var last: Position
  var recordedAt: Timestamp
  var chain: [UInt8]

  static let columns = "commit_number, first_position, last_position, recorded_at, chain"
}

extension StoredCommit {
  init(_ row: PostgresRow) throws(PostgresError) {
    number = try row.get(0)
    first = try row.get(1)
    last = try row.get(2)
    recordedAt = try row.timestamp(3)
    chain = try row.get(4, as: PostgresBytes.self).bytes
  }
}
