public import Postgres
public import PushCore

public import struct Foundation.UUID

/// Pages of an app's ledger as statements and their answers, for reads that are part of somebody's
/// own transaction; ``LedgerReader`` is the way for all others.
public enum EventPage {
  static let columns =
    "position, event_id, type, schema, stream, occurred_at, recorded_at, data, content"

  /// The most events that one page may ask for.
  public static let maximumLimit = 10_000

  /// The events after a position, in order.
  public static func call(of app: AppID, after position: Position, limit: Int) -> PostgresCall {
    PostgresCall(
      """
      select \(columns) from ledger.events
      where app = $1 and position > $2 order by app, position limit $3
      """,
      [app.rawValue, position, min(limit, maximumLimit)])
  }

  /// The events at positions, in order.
  ///
  /// - Parameter positions: At most ``maximumLimit``.
  public static func call(of app: AppID, at positions: [Position]) -> PostgresCall {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: positions)
    return PostgresCall(
      """
      select \(columns) from ledger.events
      where app = $1 and position = any ($2::bigint[]) order by app, position
      """, values)
  }

  /// The events of a stream after a position, in order.
  public static func call(
    of app: AppID, stream: StreamName, after position: Position, limit: Int
  ) -> PostgresCall {
    PostgresCall(
      """
      select \(columns) from ledger.events
      where app = $1 and stream = $2 and position > $3 order by app, stream, position limit $4
      """,
      [app.rawValue, stream.rawValue, position, min(limit, maximumLimit)])
  }

  /// The first event of a type in a stream.
  public static func call(
    first type: EventType, of app: AppID, in stream: StreamName
  ) -> PostgresCall {
    PostgresCall(
      """
      select \(columns) from ledger.events
      where app = $1 and stream = $2 and type = $3 order by app, stream, position limit 1
      """, [app.rawValue, stream.rawValue, type.rawValue])
  }

  /// The last event of a type in a stream.
  public static func call(
    last type: EventType, of app: AppID, in stream: StreamName
  ) -> PostgresCall {
    PostgresCall(
      """
      select \(columns) from ledger.events
      where app = $1 and stream = $2 and type = $3
      order by app desc, stream desc, position desc limit 1
      """, [app.rawValue, stream.rawValue, type.rawValue])
  }

  /// The event with an id. As a range in the order of ids, only the index on ids will do for it,
  /// whatever the statistics say.
  public static func call(of app: AppID, id: UUID) -> PostgresCall {
    PostgresCall(
      """
      select \(columns) from ledger.events
      where app = $1 and event_id between $2 and $2 order by app, event_id limit 1
      """, [app.rawValue, id])
  }

  /// Reads the answer to one of the calls.
  public static func events(
    _ result: PostgresResult, of app: AppID
  ) throws(LedgerReadError) -> [RecordedEvent] {
    var events: [RecordedEvent] = []
    events.reserveCapacity(result.count)
    for row in result {
      events.append(try event(row, of: app))
    }
    return events
  }

  private static func event(
    _ row: PostgresRow, of app: AppID
  ) throws(LedgerReadError) -> RecordedEvent {
    guard let type = row.eventType(2) else {
      throw .unknownType(position: (try? row.get(0)) ?? 0)
    }
    do {
      return RecordedEvent(
        app: app, position: try row.get(0),
        recordedAt: try row.timestamp(6),
        event: NewEvent(
          id: try row.get(1), type: type, schema: try row.get(3),
          stream: StreamName(unchecked: try row.get(4)), occurredAt: try row.timestamp(5),
          data: try row.get(7, as: PostgresJSONB.self).bytes,
          content: try row.optional(8, as: PostgresJSON.self)?.bytes))
    } catch {
      throw .database(error)
    }
  }
}

extension PostgresRow {
  /// Compares bytes, for this is done for every event that is read.
  fileprivate func eventType(_ column: Int) -> EventType? {
    withBytes(column) { bytes in
      guard let bytes else { return nil }
      return EventTypeNames.all.first { name in name.bytes.elementsEqual(bytes) }?.type
    }
  }
}

private enum EventTypeNames {
  static let all = EventType.allCases.map { (type: $0, bytes: Array($0.rawValue.utf8)) }
}
