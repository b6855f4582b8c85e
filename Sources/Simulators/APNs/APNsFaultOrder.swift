import PushCore

/// What `POST /faults` may ask for: a fault of pushes to come, a change of the server's
/// conditions, or something to be done to the open connections at once.
enum APNsFaultOrder {
  case fault(APNsSimulator.Fault)
  case change(@Sendable (inout APNsSimulator.Conditions) -> Void)
  case goAwayNow(APNsSimulator.Fault.GoAway)
  case closeNow
  case freezeNow

  enum Kind: String, CaseIterable {
    case accept, answer, silence, reset, goaway, close
    case halfDead = "half_dead"
    case latency
    case streamLimit = "stream_limit"
    case streamLimitAfterRefusal = "stream_limit_after_refusal"
    case newConnections = "new_connections"
    case reversedAnswers = "reversed_answers"
    case refusalsBeforeGoAway = "refusals_before_goaway"

    /// The fields it takes, besides `kind`.
    var fields: Set<String> {
      let push: Set<String> = [
        "token", "token_prefix", "topic", "after", "times", "delay_milliseconds",
      ]
      return switch self {
      case .accept: push
      case .answer: push.union(["status", "reason", "timestamp", "body"])
      case .silence: push.union(["accepted"])
      case .reset: push.union(["code", "accepted"])
      case .goaway:
        push.union(["reason", "debug", "last_stream", "code", "frames", "closes", "now"])
      case .close, .halfDead: push.union(["accepted", "now"])
      case .latency: ["milliseconds", "jitter_milliseconds"]
      case .streamLimit, .streamLimitAfterRefusal: ["limit"]
      case .newConnections: ["are", "reason"]
      case .reversedAnswers, .refusalsBeforeGoAway: ["count"]
      }
    }
  }

  static func read(_ body: [UInt8]) throws(FieldError) -> [APNsFaultOrder] {
    var orders: [APNsFaultOrder] = []
    for fields in try ControlInput.objects(body) {
      let kind: Kind = try fields.requiredChoice("kind")
      try fields.refuse(otherThan: kind.fields.union(["kind"]))
      orders.append(try order(kind, fields))
    }
    return orders
  }

  private static func order(_ kind: Kind, _ fields: Fields) throws(FieldError) -> APNsFaultOrder {
    let isNow = try fields.bool("now") ?? false
    switch kind {
    case .goaway where isNow: return .goAwayNow(try goAway(fields))
    case .close where isNow: return .closeNow
    case .halfDead where isNow: return .freezeNow
    case .accept, .answer, .silence, .reset, .goaway, .close, .halfDead:
      return .fault(try fault(try effect(kind, fields), fields))
    case .latency:
      let latency = try milliseconds("milliseconds", fields)
      let jitter = try milliseconds("jitter_milliseconds", fields)
      return .change {
        $0.latency = latency; $0.jitter = jitter
      }
    case .streamLimit:
      let limit = try count("limit", fields)
      return .change { $0.streamLimit = limit }
    case .streamLimitAfterRefusal:
      let limit = try count("limit", fields)
      return .change { $0.streamLimitAfterRefusal = limit }
    case .newConnections:
      let connections = try newConnections(fields)
      return .change { $0.newConnections = connections }
    case .reversedAnswers:
      let count = try count("count", fields)
      return .change { $0.reversedAnswers = count }
    case .refusalsBeforeGoAway:
      let count = try count("count", fields)
      return .change { $0.refusalsBeforeGoAway = count }
    }
  }

  private static func effect(
    _ kind: Kind, _ fields: Fields
  ) throws(FieldError) -> APNsSimulator.Fault.Effect {
    let accepted = try fields.bool("accepted")
    return switch kind {
    case .answer: .answer(try answer(fields))
    case .silence: .silence(accepted: accepted ?? true)
    case .reset: .reset(code: try code(fields), accepted: accepted ?? false)
    case .goaway: .goAway(try goAway(fields))
    case .close: .close(accepted: accepted ?? false)
    case .halfDead: .halfDead(accepted: accepted ?? true)
    default: .accept
    }
  }

  private static func answer(_ fields: Fields) throws(FieldError) -> APNsSimulator.Fault.Answer {
    let reason = try fields.string("reason")
    let known = reason.flatMap { APNsSimulator.Reason(rawValue: $0)?.status }
    let status = try fields.integer("status", in: 200...599).map { Int($0) } ?? known
    guard let status else {
      throw FieldError(.missing, fields.name("status"), "is missing, and the reason implies none.")
    }
    return APNsSimulator.Fault.Answer(
      status: status, reason: reason,
      timestamp: try fields.integer("timestamp", in: 0...Int64.max),
      body: try fields.string("body"))
  }

  private static func goAway(_ fields: Fields) throws(FieldError) -> APNsSimulator.Fault.GoAway {
    APNsSimulator.Fault.GoAway(
      reason: try fields.string("reason"), debugText: try fields.string("debug"),
      lastStream: try fields.choice("last_stream") ?? .previous,
      code: try fields.holds("code") ? code(fields) : 0,
      frames: Int(try fields.integer("frames", in: 1...100) ?? 1),
      closes: try fields.bool("closes") ?? true)
  }

  private static func fault(
    _ effect: APNsSimulator.Fault.Effect, _ fields: Fields
  ) throws(FieldError) -> APNsSimulator.Fault {
    var target = APNsSimulator.Fault.Target.any
    if let token = try fields.string("token") { target = .token(token) }
    if let prefix = try fields.string("token_prefix") { target = .tokenPrefix(prefix) }
    if let topic = try fields.string("topic") { target = .topic(topic) }
    return APNsSimulator.Fault(
      effect, on: target, delay: try milliseconds("delay_milliseconds", fields),
      after: Int(try fields.integer("after") ?? 0),
      times: try fields.integer("times", in: 1...Int64(Int32.max)).map { Int($0) })
  }

  private static func newConnections(
    _ fields: Fields
  ) throws(FieldError) -> APNsSimulator.NewConnections {
    enum Choice: String, CaseIterable {
      case served, refused, closed, stalled
      case sentAway = "sent_away"
    }
    let choice: Choice = try fields.requiredChoice("are")
    return switch choice {
    case .served: .served
    case .refused: .refused
    case .closed: .closed
    case .stalled: .stalled
    case .sentAway: .sentAway(reason: try fields.string("reason") ?? "Shutdown")
    }
  }

  private static func milliseconds(_ key: String, _ fields: Fields) throws(FieldError) -> Duration {
    .milliseconds(try fields.integer(key) ?? 0)
  }

  private static func count(_ key: String, _ fields: Fields) throws(FieldError) -> Int {
    Int(try fields.required(key) { key throws(FieldError) in try fields.integer(key) })
  }

  private static func code(_ fields: Fields) throws(FieldError) -> UInt32 {
    UInt32(
      try fields.required("code") { key throws(FieldError) in
        try fields.integer(key, in: 0...Int64(UInt32.max))
      })
  }
}
