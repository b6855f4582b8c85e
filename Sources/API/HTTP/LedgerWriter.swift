import Hummingbird
import Ledger
import Postgres
import PushCore

import struct Foundation.UUID

/// Appends what a request says and makes its answer.
struct LedgerWriter: Sendable {
  let appender: Appender
  let pool: PostgresPool

  /// Appends a request's events, in order.
  ///
  /// - Parameter stream: Whose history the request goes on; nil where it is no single one's.
  /// - Throws: ``Problem``; nothing was stored.
  func append(
    _ events: [NewEvent], for call: APICall, to stream: StreamName?
  ) async throws -> [AppendedEvent] {
    var expectation: StreamExpectation?
    let range = 0...Int64.max
    if let position = try call.query.integer(QueryParameter.expectedPosition.name, in: range) {
      guard let stream else {
        throw FieldError(
          .malformed, QueryParameter.expectedPosition.name,
          "is given with a request that goes on more than one stream; send one at a time.")
      }
      expectation = StreamExpectation(stream, nothingAfter: position)
    }
    return try await appender.appendEvents(events, to: call.app, expecting: expectation)
  }

  /// Appends one event and answers 202 with its position.
  func write(
    _ type: EventType, occurredAt: Timestamp? = nil, id: UUID? = nil, data: JSON,
    content: JSON? = nil, renamed names: FieldNames = .plain, for call: APICall
  ) async throws -> Response {
    let eventID = if let id { id } else { try call.eventIDs(1)[0] }
    let event = try names.door(
      id: eventID, type: type, occurredAt: occurredAt ?? call.now, data: data, content: content)
    let appended = try await append([event], for: call, to: event.stream)
    try await refuseReusedKey([event], appended, call)
    return .json(
      ["position": .integer(appended[0].position), "new": .bool(appended[0].isNew)],
      status: .accepted)
  }

  /// Answers 202 with how far a request of many events went, and how many of them were new.
  static func answer(_ appended: [AppendedEvent]) -> Response {
    .json(
      [
        "position": .integer(appended.map(\.position).max() ?? 0),
        "events": .integer(appended.count), "new": .integer(appended.count { $0.isNew }),
      ], status: .accepted)
  }

  /// An idempotency key that comes with another request than the first time is a mistake which
  /// would lose the second request in silence.
  func refuseReusedKey(
    _ events: [NewEvent], _ appended: [AppendedEvent], _ call: APICall
  ) async throws {
    guard appended.contains(where: { !$0.isNew }), try call.idempotencyKey() != nil else { return }
    let differing = try await differing(events, appended, in: call.app)
    guard let index = differing.first else { return }
    throw Self.keyReused(at: appended[index].position)
  }

  /// The same for a request of several events, before anything is stored: if only some of them were
  /// stored under the key, or more than these, it came with another request.
  ///
  /// - Parameter next: The id that one event more would have.
  func refuseReusedKey(before events: [NewEvent], next: UUID, _ call: APICall) async throws {
    guard try call.idempotencyKey() != nil else { return }
    let known = try await StoredBodies.read(
      ids: events.map(\.id) + [next], of: call.app, pool: pool)
    guard let position = known.values.map(\.position).min() else { return }
    let isSame =
      known[next] == nil
      && events.allSatisfy { event in known[event.id]?.body.isSame(as: event) ?? false }
    guard !isSame else { return }
    throw Self.keyReused(at: position)
  }

  private static func keyReused(at position: Position) -> Problem {
    Problem(
      .idReused,
      "This \(APICall.idempotencyKey) came before with another request, which is stored at "
        + "position \(position). Give every request its own.",
      field: APICall.idempotencyKey, members: [.init("position", .integer(position))])
  }

  /// The indices of events that were stored before and are not the same as what is stored.
  func differing(
    _ events: [NewEvent], _ appended: [AppendedEvent], in app: AppID
  ) async throws -> [Int] {
    let repeats = appended.indices.filter { !appended[$0].isNew }
    guard !repeats.isEmpty else { return [] }
    let stored = try await StoredBodies.read(
      at: repeats.map { appended[$0].position }, of: app, pool: pool)
    return repeats.filter { index in
      stored[appended[index].position].map { !$0.isSame(as: events[index]) } ?? false
    }
  }
}
