import Hummingbird
import Ledger
import PushCore

/// `POST /v1/messages`: one message, or up to ``PushCore/Limits/messagesPerRequest``.
struct SendMessages: Sendable {
  let writer: LedgerWriter

  var route: Route {
    Route(
      .post, "/v1/messages", .send,
      Operation(
        id: "sendMessages", summary: "Send a message, or up to 1,000",
        detail: """
          The message's id is yours and makes the request safe to repeat: the same message again \
          answers the position of the first and stores nothing. Another message under a known id \
          is refused with `id_reused`; in an array such a one is marked `differs` instead, and \
          the others are stored. If one message of an array is not valid, the whole request is \
          refused and nothing is stored.
          """,
        query: [.expectedPosition],
        body: .init(schema: "NewMessage", takesMany: true, maxBytes: APILimits.manyBytes),
        answer: .accepted("StoredMessage", many: "StoredMessages"),
        problems: [.streamConflict, .idReused])
    ) { call in try await serve(call) }
  }

  private func serve(_ call: APICall) async throws -> Response {
    try await call.withJSON { json in
      if case .array(let messages) = json { return try await many(messages, call) }
      return try await one(json, call)
    }
  }

  private func one(_ json: JSON, _ call: APICall) async throws -> Response {
    let event = try MessageBody.event(json, app: call.app, now: call.now)
    let appended = try await writer.append([event], for: call, to: event.stream)
    let position = appended[0].position
    if !appended[0].isNew,
      try await !writer.differing([event], appended, in: call.app).isEmpty
    {
      throw Problem(
        .idReused,
        "A message with this id is stored at position \(position), and it is another one. "
          + "Give every message its own id.",
        field: "id", members: [.init("position", .integer(position))])
    }
    return .json(
      [
        "id": json["id"] ?? .null, "position": .integer(position),
        "new": .bool(appended[0].isNew),
      ], status: .accepted)
  }

  private func many(_ messages: [JSON], _ call: APICall) async throws -> Response {
    try ItemLimit.check(messages.count, max: Limits.messagesPerRequest, of: "messages")
    var events: [NewEvent] = []
    events.reserveCapacity(messages.count)
    for (index, message) in messages.enumerated() {
      do throws(FieldError) {
        events.append(try MessageBody.event(message, app: call.app, now: call.now))
      } catch {
        throw error.inside("[\(index)]")
      }
    }
    let appended = try await writer.append(
      events, for: call, to: events.count == 1 ? events[0].stream : nil)
    let differing = Set(try await writer.differing(events, appended, in: call.app))
    let items = messages.indices.map { index in
      JSON.object(present: [
        ("id", messages[index]["id"]), ("position", .integer(appended[index].position)),
        ("new", .bool(appended[index].isNew)),
        ("differs", differing.contains(index) ? true : nil),
      ])
    }
    let last = appended.map(\.position).max() ?? 0
    return .json(["position": .integer(last), "items": .array(items)], status: .accepted)
  }
}

/// How many items one request may have.
enum ItemLimit {
  static func check(_ count: Int, max: Int, of things: String) throws(FieldError) {
    guard count > 0 else {
      throw FieldError(.tooShort, "", "The array of \(things) is empty; give 1 to \(max).")
    }
    guard count <= max else {
      throw FieldError(
        .tooLong, "", "The array has \(count) \(things); at most \(max) are taken at once.")
    }
  }
}
