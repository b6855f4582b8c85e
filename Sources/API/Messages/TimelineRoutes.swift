import Ledger
import Hummingbird
import Projections
import PushCore

/// `/v1/users/{user}/timeline` and its like: histories that lie in several streams.
struct TimelineRoutes: Sendable {
  let timelines: TimelineReader

  var routes: [Route] {
    [
      route(
        "/v1/users/{user}/timeline", "getUserTimeline", "user",
        "a user, their devices and groups, and what became of messages to them"
      ) { call in .user(try call.id("user")) },
      route(
        "/v1/users/{user}/devices/{device}/timeline", "getDeviceTimeline", "device",
        "a device, and what it was pushed"
      ) { call in .device(try call.id("user"), try call.id("device")) },
      route(
        "/v1/groups/{group}/timeline", "getGroupTimeline", "group",
        "a group, its members and its messages"
      ) { call in .group(try call.id("group")) },
    ]
  }

  private func route(
    _ path: String, _ id: String, _ noun: String, _ what: String,
    _ subject: @escaping @Sendable (APICall) throws -> TimelineSubject
  ) -> Route {
    Route(
      .get, path, .read,
      Operation(
        id: id, summary: "See the history of \(what)",
        detail: """
          The last entries, oldest first; `previous` is there where older ones are: ask for what \
          is `before` it. With `after` the first entries after a position; `next` is there where \
          more follow. Where nothing is known of the \(noun) there are no entries. Suppressed \
          decisions of messages to many are counted with the message, and not listed here. \
          Messages up to `archived_up_to` are in an archive, and lacking.
          """,
        query: [
          .after,
          QueryParameter(
            name: "before", form: .integer(1...Int64.max),
            detail: "Only entries before this position; not together with `after`."),
          QueryParameter(
            name: "limit", form: .integer(1...Int64(TimelineReader.maximumLimit)),
            detail: "Entries of a page: \(TimelineReader.usualLimit) unless it is given."),
          ExplainMessage.content,
        ],
        answer: .init(schema: "History"))
    ) { call in try await serve(call, try subject(call)) }
  }

  private func serve(_ call: APICall, _ subject: TimelineSubject) async throws -> Response {
    let after = try call.query.integer("after", in: 0...Int64.max)
    let before = try call.query.integer("before", in: 1...Int64.max)
    if after != nil, before != nil {
      throw FieldError(.badFormat, "before", "is given with after; give one of the two.")
    }
    let limit = Int(
      try call.query.integer("limit", in: 1...Int64(TimelineReader.maximumLimit))
        ?? Int64(TimelineReader.usualLimit))
    let content = try call.query.bool(ExplainMessage.content.name) ?? false
    let page = try await timelines.page(
      subject, of: call.app, after.map { .after($0) } ?? .before(before ?? .max), limit: limit)
    let more = page.hasMore ? (after == nil ? page.entries.first : page.entries.last) : nil
    return .json(
      .object(present: [
        ("entries", .array(page.entries.map { $0.json(showsContent: content) })),
        (after == nil ? "previous" : "next", more.map { .integer($0.position) }),
        ("archived_up_to", page.archivedUpTo.map { .integer($0) }),
      ]))
  }
}
