import Postgres
import PushCore

import struct Foundation.UUID

extension DispatchDatabase {
  /// Stores what became of attempts of one app, in one transaction. To repeat it changes nothing.
  ///
  /// - Returns: The lanes that were lost meanwhile.
  func record(_ attempts: [FinishedAttempt], of app: AppID) async throws -> Set<HeldLaneID> {
    var lanes: [HeldLaneID] = []
    var places: [HeldLaneID: Int32] = [:]
    var events = EventColumns()
    var rows = RowColumns()
    for attempt in attempts {
      let place: Int32
      if let known = places[attempt.lane] {
        place = known
      } else {
        lanes.append(attempt.lane)
        place = Int32(lanes.count)
        places[attempt.lane] = place
      }
      events.add(
        AttemptEvents.attempted(attempt), fencedID: AttemptEvents.fencedID(attempt), lane: place)
      if let event = AttemptEvents.tokenInvalidated(attempt) {
        events.add(event, fencedID: nil, lane: place)
      }
      rows.add(attempt, lane: place)
    }
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(dispatcher)
    values.add(array: lanes.map(\.lane))
    values.add(array: lanes.map(\.epoch))
    events.add(to: &values)
    rows.add(to: &values)
    let result = try await pool.query(
      """
      select dispatch.record($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17)
      """, values)
    guard let row = result.first else {
      throw PostgresError(.decoding, message: "dispatch.record answered no row.")
    }
    return Set(try row.array(0, of: Int32.self).map { lanes[Int($0) - 1] })
  }
}

private struct EventColumns {
  var lanes: [Int32] = []
  var ids: [UUID] = []
  var fencedIDs: [UUID?] = []
  var types: [String] = []
  var streams: [String] = []
  var times: [PostgresTimestamp] = []
  var datas: [PostgresJSONB] = []

  mutating func add(_ event: NewEvent, fencedID: UUID?, lane: Int32) {
    lanes.append(lane)
    ids.append(event.id)
    fencedIDs.append(fencedID)
    types.append(event.type.rawValue)
    streams.append(event.stream.rawValue)
    times.append(PostgresTimestamp(microseconds: event.occurredAt.microseconds))
    datas.append(PostgresJSONB(event.data))
  }

  func add(to values: inout PostgresParameters) {
    values.add(array: lanes)
    values.add(array: ids)
    values.add(array: fencedIDs)
    values.add(array: types)
    values.add(array: streams)
    values.add(array: times)
    values.add(array: datas)
  }
}

private struct RowColumns {
  var lanes: [Int32] = []
  var providers: [String] = []
  var positions: [Position] = []
  var deliveries: [UUID] = []
  var attempts: [Int32] = []
  var dueAt: [PostgresTimestamp?] = []

  mutating func add(_ attempt: FinishedAttempt, lane: Int32) {
    lanes.append(lane)
    providers.append(attempt.provider.rawValue)
    positions.append(attempt.key.position)
    deliveries.append(attempt.key.delivery)
    attempts.append(Int32(clamping: attempt.attempt))
    dueAt.append(attempt.retryAt.map { PostgresTimestamp(microseconds: $0.microseconds) })
  }

  func add(to values: inout PostgresParameters) {
    values.add(array: lanes)
    values.add(array: providers)
    values.add(array: positions)
    values.add(array: deliveries)
    values.add(array: attempts)
    values.add(array: dueAt)
  }
}
