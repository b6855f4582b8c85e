import Hummingbird
import Ledger
import Projections
import PushCore

/// `/v1/messages/{id}`: what became of a message, its events, its recall.
struct OneMessage: Sendable {
  let writer: LedgerWriter
  let reading: Reading

  var routes: [Route] { [report, recall, timeline] }

  // MARK: What became of it

  private var report: Route {
    Route(
      .get, "/v1/messages/{id}", .read,
      Operation(
        id: "getMessage", summary: "See what became of a message: every delivery, with its reason",
        detail: """
          Waits, up to 5 seconds, until the message shows in the projection, so it can be asked \
          for right after it was sent.
          """,
        query: [
          .atLeast,
          QueryParameter(
            name: "after", form: .uuid, detail: "Go on after this delivery: `next` of the page."),
          QueryParameter(
            name: "limit", form: .integer(1...Int64(NotificationsReader.deliveriesPerPage)),
            detail: "Deliveries of a page."),
        ],
        answer: .init(schema: "MessageReport"),
        problems: [.messageUnknown, .archived, .projectionBehind])
    ) { call in try await serveReport(call) }
  }

  private func serveReport(_ call: APICall) async throws -> Response {
    let id: MessageID = try call.id("id")
    let pages = Int64(NotificationsReader.deliveriesPerPage)
    let limit = Int(try call.query.integer("limit", in: 1...pages) ?? pages)
    let after = try call.query.uuid("after")
    try await reading.awaitPosition(call)
    var shown = try await reading.projection.message(id, of: call.app, after: after, limit: limit)
    if shown == nil {
      let sent = try await sent(id, call)
      try await reading.awaitPosition(sent.position, of: call.app)
      shown = try await reading.projection.message(id, of: call.app, after: after, limit: limit)
      if shown == nil {
        let recall = try await reading.ledger.first(
          .messageRecalled, of: call.app, in: .message(id))
        return .json(Self.notKept(id, sent, isRecalled: recall != nil))
      }
    }
    if let archived = shown.flatMap(ArchivedMessage.init) { throw Problem(archived) }
    return .json(shown?.json ?? .null)
  }

  /// The ledger has it, the projection has not: it was for those online only.
  private static func notKept(
    _ id: MessageID, _ sent: RecordedEvent, isRecalled: Bool
  ) -> JSON {
    let data = try? JSON.parse(sent.event.data)
    return .object(present: [
      ("id", JSON(id)), ("position", .integer(sent.position)), ("from", data?["from"]),
      ("to", data?["conversation"]), ("recalled", .bool(isRecalled)), ("kept", false),
      ("sent_at", JSON(sent.event.occurredAt)), ("recorded_at", JSON(sent.recordedAt)),
      ("recipients", 0), ("counts", []), ("deliveries", []),
    ])
  }

  private func sent(_ id: MessageID, _ call: APICall) async throws -> RecordedEvent {
    guard
      let sent = try await reading.ledger.first(.messageSent, of: call.app, in: .message(id))
    else { throw try await reading.unknownMessage(of: call.app) }
    return sent
  }

  // MARK: Its recall

  private var recall: Route {
    Route(
      .delete, "/v1/messages/{id}", .send,
      Operation(
        id: "recallMessage", summary: "Recall a message",
        detail: """
          What is due of it is called off, and it no longer counts as unread. Recalling it again \
          changes nothing and answers the position of the first recall.
          """,
        query: [
          QueryParameter(
            name: "by", form: .text(maxBytes: Limits.idBytes), detail: "The user who recalls it."),
          .expectedPosition,
        ],
        answer: .accepted(), problems: [.messageUnknown, .streamConflict])
    ) { call in
      let id: MessageID = try call.id("id")
      let by = try call.query.text("by").map { text throws(FieldError) in
        try UserID(validating: text, field: "by")
      }
      if try await reading.projection.archived(id, of: call.app) == nil {
        _ = try await sent(id, call)
      }
      return try await writer.write(
        .messageRecalled, id: EventID.recall(id, app: call.app),
        data: .object(present: [("message_id", JSON(id)), ("by", by.map { JSON($0) })]), for: call)
    }
  }

  // MARK: Its events

  private var timeline: Route {
    Route(
      .get, "/v1/messages/{id}/timeline", .read,
      Operation(
        id: "getTimeline", summary: "See a message's events in order: sent, attempts, receipts",
        query: [
          .after,
          QueryParameter(
            name: "limit", form: .integer(1...Int64(APILimits.eventsPerPage)),
            detail: "Events of a page."),
        ],
        answer: .init(schema: "Timeline"), problems: [.messageUnknown, .archived])
    ) { call in
      let id: MessageID = try call.id("id")
      let most = Int64(APILimits.eventsPerPage)
      let limit = Int(try call.query.integer("limit", in: 1...most) ?? most)
      let after = try call.query.integer("after", in: 0...Int64.max) ?? 0
      if let archived = try await reading.projection.archived(id, of: call.app) {
        throw Problem(archived)
      }
      let events = try await reading.ledger.events(
        of: call.app, stream: .message(id), after: after, limit: limit + 1)
      if events.isEmpty, after == 0 { _ = try await sent(id, call) }
      return .bytes(Self.timeline(id, events, limit: limit), type: "application/json")
    }
  }

  /// The events go out as they are stored, without being read once more.
  private static func timeline(
    _ id: MessageID, _ events: [RecordedEvent], limit: Int
  ) -> [UInt8] {
    var bytes = Array("{\"id\":".utf8)
    bytes += JSON(id).serialized()
    bytes += Array(",\"events\":[".utf8)
    for (index, event) in events.prefix(limit).enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += event.exportLine()
    }
    bytes += Array("]".utf8)
    if events.count > limit { bytes += Array(",\"next\":\(events[limit - 1].position)".utf8) }
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }
}
