import Postgres
import PushCore

import struct Foundation.UUID

/// What an event said that is in the ledger already.
struct StoredBody: Sendable {
  var type: String
  var data: JSON
  /// Nil where it has none, or where it was erased.
  var content: JSON?

  /// - Parameter column: The first of type, data and content.
  init(_ row: PostgresRow, from column: Int) throws {
    type = try row.get(column)
    data = try JSON.parse(try row.get(column + 1, as: PostgresJSONB.self).bytes)
    content = try row.optional(column + 2, as: PostgresJSON.self).map { try JSON.parse($0.bytes) }
  }

  /// Whether an event says the same. Times do not count: the server gives one to a request
  /// without, another each time.
  func isSame(as event: NewEvent) -> Bool {
    guard type == event.type.rawValue, let data = try? JSON.parse(event.data),
      Self.same(self.data, data)
    else { return false }
    guard let content, let given = event.content.flatMap({ try? JSON.parse($0) }) else {
      return true
    }
    return Self.same(content, given)
  }

  /// Equal as `jsonb` holds it: members in any order, numbers by value.
  static func same(_ left: JSON, _ right: JSON) -> Bool {
    switch (left, right) {
    case (.number(let first), .number(let second)):
      return first == second || Decimal(first) == Decimal(second)
    case (.string(let first), .string(let second)):
      return first.utf8.elementsEqual(second.utf8)
    case (.array(let first), .array(let second)):
      return first.count == second.count && zip(first, second).allSatisfy(same)
    case (.object(let first), .object(let second)):
      return first.count == second.count
        && first.allSatisfy { member in
          right[member.key].map { same(member.value, $0) } ?? false
        }
    default: return left == right
    }
  }
}

/// A JSON number by its value, to any precision: digits without zeros at either end, and how many
/// places the point stands right of the first.
private struct Decimal: Equatable {
  var isNegative: Bool
  var digits: [UInt8]
  var point: Int

  init(_ text: String) {
    let parts = text.lowercased().split(separator: "e", maxSplits: 1)
    let mantissa = parts[0].drop { $0 == "-" }
    let whole = mantissa.prefix { $0 != "." }
    var digits = mantissa.utf8.filter { $0 != UInt8(ascii: ".") }
    point = whole.utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(zeros)
    point -= zeros
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    isNegative = text.first == "-" && !digits.isEmpty
    if digits.isEmpty { point = 0 }
    self.digits = digits
  }
}

enum StoredBodies {
  /// Reads events by their ids, with their positions.
  static func read(
    ids: [UUID], of app: AppID, pool: PostgresPool
  ) async throws -> [UUID: (position: Position, body: StoredBody)] {
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    parameters.add(array: ids)
    let rows = try await pool.query(
      """
      select e.event_id, e.position, e.type, e.data, e.content
      from unnest($2::uuid[]) as wanted (id)
      cross join lateral (
        select * from pushledger.events e where e.app = $1 and e.event_id between wanted.id
          and wanted.id order by e.event_id limit 1) e
      """, parameters)
    var stored: [UUID: (position: Position, body: StoredBody)] = [:]
    for row in rows { stored[try row.get(0)] = (try row.get(1), try StoredBody(row, from: 2)) }
    return stored
  }

  /// Reads events by their positions.
  static func read(
    at positions: [Position], of app: AppID, pool: PostgresPool
  ) async throws -> [Position: StoredBody] {
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    parameters.add(array: positions)
    let rows = try await pool.query(
      """
      select position, type, data, content from pushledger.events
      where app = $1 and position = any ($2::bigint[])
      """, parameters)
    var stored: [Position: StoredBody] = [:]
    for row in rows {
      stored[try row.get(0)] = try StoredBody(row, from: 1)
    }
    return stored
  }
}
