import PushCore

/// What the control endpoint says about itself.
enum APNsControlGuide {
  static var json: JSON {
    .object([
      JSON.Member("what", "A simulator of Apple's push service: its control endpoint."),
      JSON.Member("endpoints", texts(endpoints)), JSON.Member("faults", faultKinds),
      JSON.Member("push_fields", texts(pushFields)),
    ])
  }

  private static func texts(_ pairs: KeyValuePairs<String, String>) -> JSON {
    .object(pairs.map { JSON.Member($0.key, .string($0.value)) })
  }

  private static let endpoints: KeyValuePairs = [
    "GET /received?after=N&limit=M":
      "pushes with a sequence above N, at most 10,000; payloads only of the newest",
    "GET /received/count": "how many were received, accepted, refused by reason, and forgotten",
    "GET /received/stream?after=N": "NDJSON of the same, and then of each push as it arrives",
    "GET /received/duplicates?limit=M": "apns-ids that were accepted more than once",
    "GET /faults": "the faults to come and the conditions",
    "POST /faults": "one fault or an array: {\"kind\": ..., ...}, see faults",
    "DELETE /faults": "no more faults, and the conditions of the start",
    "GET /connections": "how many are open, how many there were",
    "POST /reset": "forgets what was received and clears the faults",
    "POST /keys":
      "{team_id, key_id, public_key (PEM), topics?, environment?, related_key_id?}, or an array",
    "DELETE /keys?team_id=T&key_id=K": "its provider tokens are no longer taken",
    "POST /devices":
      "{token, topic?, environment?, invalid_since?, invalid_reason?}, or an array",
    "GET /certificate": "PEM: what a client must trust",
  ]

  private static var faultKinds: JSON {
    .object(
      APNsFaultOrder.Kind.allCases.map { kind in
        JSON.Member(
          kind.rawValue,
          .object([
            JSON.Member("does", .string(kind.meaning)),
            JSON.Member("fields", .array(kind.fields.sorted().map { .string($0) })),
          ]))
      })
  }

  private static let pushFields: KeyValuePairs = [
    "token, token_prefix, topic": "which pushes; none of them: any",
    "after": "so many that fit go well first",
    "times": "so many get the fault; absent: all, until DELETE /faults",
    "accepted": "whether the push counts as taken although no answer says so",
    "delay_milliseconds": "added to the latency of the answer",
    "now": "true: done to every open connection at once, whatever is pushed",
  ]
}

extension APNsFaultOrder.Kind {
  var meaning: String {
    switch self {
    case .accept: "accepts the push, only later (delay_milliseconds)"
    case .answer: "answers this status and reason; body replaces the JSON"
    case .silence: "never answers"
    case .reset: "RST_STREAM with this code; 7 is REFUSED_STREAM"
    case .goaway: "GOAWAY; last_stream: this, previous or zero; debug replaces the JSON"
    case .close: "closes the connection without GOAWAY"
    case .halfDead: "reads on, but never writes again on this connection, not even PING acks"
    case .latency: "how long every answer takes"
    case .streamLimit: "SETTINGS with this limit, on every authenticated connection"
    case .streamLimitAfterRefusal: "the limit drops to this at a refusal, until the next 200"
    case .newConnections: "are: served, refused, closed, stalled or sent_away (with reason)"
    case .reversedAnswers: "holds so many answers, then sends them last first"
    case .refusalsBeforeGoAway: "sends a connection away after so many refusals"
    }
  }
}
