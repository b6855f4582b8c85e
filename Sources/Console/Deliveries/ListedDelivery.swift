import Foundation
import Ledger
import Postgres
import PushCore

/// A delivery as `pushledger.deliveries` has it: what the list shows, and what is exported.
struct ListedDelivery: Sendable {
  enum Kind: Sendable {
    case text, id, integer, time
  }

  enum Value: Sendable, Equatable {
    case null
    case text(String)
    case integer(Int64)
    case time(Timestamp)
  }

  struct Column: Sendable {
    var name: String
    var kind: Kind
  }

  /// All of the view's.
  static let columns: [Column] = [
    Column(name: "app", kind: .text), Column(name: "delivery_id", kind: .id),
    Column(name: "message_id", kind: .text), Column(name: "position", kind: .integer),
    Column(name: "sender", kind: .text), Column(name: "user_id", kind: .text),
    Column(name: "device_id", kind: .text), Column(name: "provider", kind: .text),
    Column(name: "status", kind: .text), Column(name: "reason", kind: .text),
    Column(name: "badge", kind: .integer), Column(name: "sound", kind: .text),
    Column(name: "attempts", kind: .integer), Column(name: "decided_at", kind: .time),
    Column(name: "first_attempt_at", kind: .time), Column(name: "ended_at", kind: .time),
    Column(name: "delivered_at", kind: .time), Column(name: "opened_at", kind: .time),
    Column(name: "expires_at", kind: .time), Column(name: "not_shown_at", kind: .time),
    Column(name: "not_shown_reason", kind: .text), Column(name: "due_position", kind: .integer),
    Column(name: "platform", kind: .text), Column(name: "app_version", kind: .text),
  ]

  /// In the order of the columns.
  let values: [Value]
  let id: UUID
  let message: String
  let position: Position
  let user: String
  let device: String?
  let provider: String?
  let status: String
  let reason: String?
  let attempts: Int64
  let decidedAt: Timestamp
  let endedAt: Timestamp?

  /// - Parameter start: The number of the first of ``columns``.
  init(_ row: PostgresRow, from start: Int) throws(PostgresError) {
    var values: [Value] = []
    values.reserveCapacity(Self.columns.count)
    for (index, column) in Self.columns.enumerated() {
      values.append(try Self.value(row, start + index, column.kind))
    }
    self.values = values
    id = try row.get(start + 1)
    message = try row.get(start + 2)
    position = try row.get(start + 3)
    user = try row.get(start + 5)
    device = try row.optional(start + 6)
    provider = try row.optional(start + 7)
    status = try row.get(start + 8)
    reason = try row.optional(start + 9)
    attempts = try row.get(start + 12)
    decidedAt = try row.timestamp(start + 13)
    endedAt = try row.optionalTimestamp(start + 15)
  }

  private static func value(
    _ row: PostgresRow, _ column: Int, _ kind: Kind
  ) throws(PostgresError) -> Value {
    switch kind {
    case .text: try row.optional(column, as: String.self).map { .text($0) } ?? .null
    case .id:
      try row.optional(column, as: UUID.self).map { .text($0.uuidString.lowercased()) } ?? .null
    case .integer: try row.optional(column, as: Int64.self).map { .integer($0) } ?? .null
    case .time: try row.optionalTimestamp(column).map { .time($0) } ?? .null
    }
  }
}
