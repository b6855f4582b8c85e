import Ledger
import Postgres
import PushCore

/// A due row as it was listed, before its route has a number.
struct ListedRow: Sendable {
  var key: RowKey
  var device: DeviceKey
  var attempts: Int
  var dueAt: Timestamp
  var expiresAt: Timestamp
  var topic: String?
  var environment: PushEnvironment
  var credential: String?
}

extension DispatchDatabase {
  /// Reads on in several lanes of an app.
  ///
  /// - Returns: The rows of each request, in their order.
  func list(_ requests: [ListRequest], of app: AppID) async throws -> [[ListedRow]] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: requests.map(\.lane))
    values.add(array: requests.map(\.provider.rawValue))
    values.add(array: requests.map(\.after.position))
    values.add(array: requests.map(\.after.delivery))
    values.add(array: requests.map { Int32(clamping: $0.limit) })
    let result = try await pool.query(
      """
      select number, "position", delivery_id, user_id, device_id, attempts, due_at, expires_at,
        topic, environment, credential_id
      from dispatch.list_due($1, $2, $3, $4, $5, $6)
      """, values)
    var rows = [[ListedRow]](repeating: [], count: requests.count)
    for row in result {
      let number = Int(try row.get(0, as: Int32.self)) - 1
      guard rows.indices.contains(number) else { continue }
      rows[number].append(
        ListedRow(
          key: RowKey(position: try row.get(1), delivery: try row.get(2)),
          device: DeviceKey(
            user: UserID(unchecked: try row.get(3)), device: DeviceID(unchecked: try row.get(4))),
          attempts: Int(try row.get(5, as: Int32.self)), dueAt: try row.timestamp(6),
          expiresAt: try row.timestamp(7), topic: try row.optional(8),
          environment: try row.environment(9), credential: try row.optional(10)))
    }
    return rows
  }
}
