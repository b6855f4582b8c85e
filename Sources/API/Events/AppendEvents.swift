import Hummingbird
import Ledger
import PushCore

/// `POST /v1/events`: events in the import form.
struct AppendEvents: Sendable {
  static let ndjson = "application/x-ndjson"

  let writer: LedgerWriter

  var route: Route {
    Route(
      .post, "/v1/events", .send,
      Operation(
        id: "appendEvents", summary: "Append up to 1,000 events in the import form",
        detail: """
          All or none. An `event_id` that is stored already answers its first position, and the \
          event is not stored again; without one the event gets a new id. Events of devices and \
          receipts need the scope `device` as well. What a part of PushLedger says itself needs \
          `admin`: `push.attempted`, `push.cancelled`, `push.retried`, `device.token_invalidated`, \
          `device.offline`, `message.refused`, `broadcast.finished` and `projection.event_skipped`.
          """,
        query: [
          QueryParameter(
            name: "expected_stream", form: .text(maxBytes: Limits.streamBytes),
            detail: "With expected_position: the stream it is about, such as message/42."),
          .expectedPosition,
        ],
        body: .init(
          types: ["application/json", Self.ndjson], schema: "NewEvent", takesMany: true,
          maxBytes: APILimits.manyBytes),
        answer: .accepted("StoredEvents"), problems: [.streamConflict])
    ) { call in
      let batch = EventBatch(caller: call.caller, now: call.now)
      let events =
        call.mediaType == Self.ndjson
        ? try await call.withBody { buffer in try batch.reading(lines: buffer) }
        : try await call.withJSON { json in try batch.reading(json) }
      return try await append(events, call)
    }
  }

  private func append(_ events: [NewEvent], _ call: APICall) async throws -> Response {
    var stream = events.count == 1 ? events[0].stream : nil
    if let named = call.query.text("expected_stream") {
      guard call.query.text(QueryParameter.expectedPosition.name) != nil else {
        throw FieldError(
          .missing, QueryParameter.expectedPosition.name, "is missing beside expected_stream.")
      }
      stream = try StreamName(validating: named, field: "expected_stream")
    }
    let appended = try await writer.append(events, for: call, to: stream)
    let items = zip(events, appended).map { event, stored in
      JSON.object([
        .init("event_id", JSON(event.id)),
        .init("position", .integer(stored.position)), .init("new", .bool(stored.isNew)),
      ])
    }
    let last = appended.map(\.position).max() ?? 0
    return .json(["position": .integer(last), "items": .array(items)], status: .accepted)
  }
}
