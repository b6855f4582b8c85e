import Ledger
import Postgres
import PushCore

extension HistoryEvent {
  /// - Returns: Nil for an event that this version cannot read: it changes nothing.
  init?(_ row: PostgresRow) throws {
    guard let type = EventType(rawValue: try row.get(1)) else { return nil }
    do {
      let content = try row.optional(5, as: PostgresJSON.self)
      self.init(
        position: try row.get(0), occurredAt: try row.timestamp(2),
        recordedAt: try row.timestamp(3), type: type,
        body: try EventBody(
          type, data: try JSON.parse(try row.get(4, as: PostgresJSONB.self).bytes),
          content: try content.map { try JSON.parse($0.bytes) }))
    } catch is FieldError {
      return nil
    }
  }
}
