import Postgres
import PushCore

/// What an event said that is in the ledger already.
struct StoredBody: Sendable {
  var type: String
  var data: JSON
  /// Nil where it has none, or where it was erased.
  var content: JSON?

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
      return first == second || left.integer != nil && left.integer == right.integer
        || Double(first) == Double(second)
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

enum StoredBodies {
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
      let content = try row.optional(3, as: PostgresJSON.self)
      stored[try row.get(0)] = StoredBody(
        type: try row.get(1), data: try JSON.parse(try row.get(2, as: PostgresJSONB.self).bytes),
        content: try content.map { try JSON.parse($0.bytes) })
    }
    return stored
  }
}
