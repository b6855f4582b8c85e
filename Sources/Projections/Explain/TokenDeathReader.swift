import Ledger
import Postgres
import PushCore

import struct Foundation.UUID

/// Reads what a refused push led to: what was said of its token, and whether the device registered
/// again.
struct TokenDeathReader {
  let app: AppID
  let connection: PostgresConnection
  let sent: SentMessage

  /// - Returns: Nil where nobody said of the token that it is dead.
  func death(
    of delivery: UUID, _ user: UserID, _ device: DeviceID
  ) async throws -> ExplainedTokenDeath? {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(StreamName.device(user, device).rawValue)
    values.add(sent.event.position)
    values.add(array: sent.skipped.all)
    values.add(delivery)
    let rows = try await connection.query(
      """
      (select e.position, e.type, e.occurred_at, e.recorded_at, e.data, e.content
      from ledger.events e
      where e.app = $1 and e.stream = $2 and e.position > $3
        and e.position <> all ($4::bigint[]) and e.type = 'device.token_invalidated'
        and e.data ->> 'delivery_id' = $5::uuid::text
      order by e.app, e.stream, e.position limit 1)
      union all
      (select e.position, e.type, e.occurred_at, e.recorded_at, e.data, e.content
      from ledger.events e
      where e.app = $1 and e.stream = $2 and e.position > $3
        and e.position <> all ($4::bigint[]) and e.type = 'device.registered'
      order by e.app, e.stream, e.position limit 1)
      """, values)
    let events = try rows.compactMap { try HistoryEvent($0) }
    guard let said = events.first(where: { $0.type == .tokenInvalidated }),
      case .tokenInvalidated(let invalidation) = said.body
    else { return nil }
    return ExplainedTokenDeath(
      said: Since(said), deadSince: invalidation.invalidSince,
      registeredAgain: events.first { $0.type == .deviceRegistered }.map(Since.init))
  }
}
