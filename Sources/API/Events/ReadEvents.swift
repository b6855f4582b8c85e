import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Projections
import PushCore

/// `GET /v1/events`: the app's ledger, as far as it goes, or for as long as the reader stays.
struct ReadEvents: Sendable {
  let reading: Reading
  let subscriptions: Subscriptions
  let signals: LedgerSignals
  let gate: FeedGate

  static let head = HTTPField.Name("PushLedger-Head")
  /// The number of the lease that a consumer acknowledges with.
  static let lease = HTTPField.Name("PushLedger-Lease")

  var route: Route {
    Route(
      .get, "/v1/events", .read,
      Operation(
        id: "readEvents", summary: "Read the ledger's events in order, and follow it",
        detail: """
          One event a line. With `follow` the answer has no end: new events are sent as they are \
          committed, and an empty line every 15 seconds in which there is none. Go on with \
          `after`, the position of the last event seen: none is missed and none comes twice. An \
          answer that breaks off lacks its last chunk. To begin before what is in the app's archive \
          is refused with `archived`, but for one stream. Device tokens are shown to keys with the \
          scope `admin` only.

          With `subscription` and `consumer` it begins after what was acknowledged, and gives the \
          subscription's types only. The header `PushLedger-Lease` is the number to acknowledge \
          with. The lease is renewed by what is sent and acknowledged; another consumer is let in \
          when its time is over, and the same one at once, whose older answers then end.
          """,
        query: [
          .after,
          QueryParameter(
            name: "limit", form: .integer(1...APILimits.eventsPerAnswer),
            detail: "Events at most: 1,000 unless it is given or the answer follows."),
          QueryParameter(
            name: "stream", form: .text(maxBytes: Limits.streamBytes),
            detail: "Only events of this stream, such as message/42."),
          QueryParameter(name: "follow", form: .bool, detail: "Whether to go on for ever."),
          QueryParameter(
            name: "subscription", form: .text(maxBytes: SubscriptionName.maximumBytes),
            detail: "Go on where this subscription is; not with after or stream."),
          QueryParameter(
            name: "consumer", form: .text(maxBytes: SubscriptionName.maximumBytes),
            detail: "With subscription, who reads: 1 to 64 of a-z A-Z 0-9 - _ ."),
          .leaseSeconds,
        ],
        answer: .init(type: AppendEvents.ndjson),
        problems: [.archived, .tooBusy, .subscriptionUnknown, .subscriptionHeld])
    ) { call in try await serve(call) }
  }

  private func serve(_ call: APICall) async throws -> Response {
    let follows = try call.query.bool("follow") ?? false
    let given = try call.query.integer("limit", in: 1...APILimits.eventsPerAnswer)
    let after = try call.query.integer("after", in: 0...Int64.max)
    let stream = try call.query.text("stream").map { text throws(FieldError) in
      try StreamName(validating: text, field: "stream")
    }
    let reader = try SubscriptionReader(call)
    let head = try await reading.ledger.head(of: call.app)
    if reader == nil, stream == nil {
      try await reading.ledger.requireAll(of: call.app, after: after ?? 0)
    } else if let id = stream?.message,
      let archived = try await reading.projection.archived(id, of: call.app)
    {
      throw ExplainError.archived(archived)
    }
    if follows, !gate.enter(call.app) {
      throw Problem(
        .tooBusy,
        "\(APILimits.feedsOfApp) feeds of the app are open, or \(APILimits.feeds) of all; no more "
          + "are taken. Retry.")
    }
    let place = follows ? FeedPlace(gate: gate, app: call.app) : nil
    let lease = try await reader?.take(subscriptions, of: call.app)
    let feed = Feed(
      reading: reading, signals: signals, gate: gate, app: call.app, stream: stream, lease: lease,
      subscriptions: subscriptions, after: lease?.position ?? after ?? 0,
      limit: given ?? (follows ? .max : Int64(APILimits.eventsPerPage)), follows: follows,
      showsTokens: call.caller.may(.admin), stillHolds: call.stillHolds)
    var headers: HTTPFields = [.contentType: AppendEvents.ndjson]
    if let name = Self.head { headers[name] = String(head) }
    if let name = Self.lease, let lease { headers[name] = String(lease.epoch) }
    // To notice that the reader is gone takes the connection's input: no request can come after it.
    if follows { headers[.connection] = "close" }
    let body = call.request.body
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        defer { place?.end() }
        if follows {
          try await body.consumeWithCancellationOnInboundClose { _ in
            try await feed.write(to: &writer)
          }
        } else {
          try await feed.write(to: &writer)
        }
        try await writer.finish(nil)
      })
  }
}

/// A feed's place in the gate, given back once, also where its body is never written.
private final class FeedPlace: Sendable {
  private let gate: FeedGate
  private let app: AppID
  private let ended = Once()

  init(gate: FeedGate, app: AppID) {
    self.gate = gate
    self.app = app
  }

  func end() { if ended.happens() { gate.leave(app) } }

  deinit { end() }
}
