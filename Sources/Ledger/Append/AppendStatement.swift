public import Postgres
public import PushCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The one statement by which Swift appends: `ledger.append_batch`.
///
/// For use within a transaction of one's own; what is not part of one goes through ``Appender``.
public enum AppendStatement {
  static let sql =
    "select positions, head_before from ledger.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

  /// - Parameter events: 1 to 10,000, checked by ``PushCore/EventDoor``, oldest first.
  public static func call(
    _ events: some Collection<NewEvent>, to app: AppID, expecting: StreamExpectation? = nil
  ) -> PostgresCall {
    var columns = Columns(count: events.count)
    for event in events { columns.add(event) }
    return columns.call(app: app, expecting: expecting)
  }

  static func call(_ commit: some Collection<PendingAppend>, to app: AppID) -> PostgresCall {
    var columns = Columns(count: commit.reduce(0) { $0 + $1.events.count })
    for append in commit {
      for event in append.events { columns.add(event) }
    }
    return columns.call(app: app, expecting: commit.first?.expectation)
  }

  /// The answer to ``call(_:to:expecting:)``: one for each event, in the order given.
  public static func appended(_ result: PostgresResult) throws(PostgresError) -> [AppendedEvent] {
    guard let row = result.first else {
      throw PostgresError(.decoding, message: "ledger.append_batch answered no row.")
    }
    // New events are numbered in their order, so a position that is not above all before it is
    // that of an event already stored.
    var highest: Position = try row.get(1)
    var events: [AppendedEvent] = []
    for position in try row.array(0, of: Position.self) {
      events.append(AppendedEvent(position: position, isNew: position > highest))
      highest = max(highest, position)
    }
    return events
  }

  private struct Columns {
    var ids: [UUID] = []
    var types: [String] = []
    var schemas: [Int16] = []
    var streams: [String] = []
    var times: [PostgresTimestamp] = []
    var datas: [PostgresJSONB] = []
    var contents: [PostgresJSON?] = []

    init(count: Int) {
      ids.reserveCapacity(count)
      types.reserveCapacity(count)
      schemas.reserveCapacity(count)
      streams.reserveCapacity(count)
      times.reserveCapacity(count)
      datas.reserveCapacity(count)
      contents.reserveCapacity(count)
    }

    mutating func add(_ event: NewEvent) {
      ids.append(event.id)
      types.append(event.type.rawValue)
      schemas.append(event.schema)
      streams.append(event.stream.rawValue)
      times.append(PostgresTimestamp(microseconds: event.occurredAt.microseconds))
      datas.append(PostgresJSONB(event.data))
      contents.append(event.content.map { PostgresJSON($0) })
    }

    func call(app: AppID, expecting: StreamExpectation?) -> PostgresCall {
      var parameters = PostgresParameters()
      parameters.add(app.rawValue)
      parameters.add(array: ids)
      parameters.add(array: types)
      parameters.add(array: schemas)
      parameters.add(array: streams)
      parameters.add(array: times)
      parameters.add(array: datas)
      parameters.add(array: contents)
      parameters.add(expecting?.stream.rawValue)
      parameters.add(expecting?.nothingAfter)
      return PostgresCall(AppendStatement.sql, parameters)
    }
  }
}
