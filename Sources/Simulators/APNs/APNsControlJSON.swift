import PushCore

// MARK: - Out

extension APNsSimulator.ReceivedPush {
  var json: JSON {
    .object(present: [
      ("sequence", .integer(sequence)), ("token", .string(token)), ("topic", .string(topic)),
      ("apns_id", .string(apnsID)), ("collapse_id", collapseID.map { .string($0) }),
      ("badge", badge.map { .integer($0) }), ("alert", alertText.map { .string($0) }),
      ("expiration", expiration.map { .integer($0) }),
      ("payload", payload.flatMap { try? JSON.parse($0) }),
      ("received_at", .string(receivedAt.description)), ("status", .integer(status)),
      ("reason", reason.map { .string($0) }), ("answered", .bool(isAnswered)),
      ("connection", .integer(connection)),
    ])
  }
}

extension APNsSimulator.ReceivedCounts {
  var json: JSON {
    let reasons = refused.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .integer($0.value)) }
    return .object(present: [
      ("received", .integer(received)), ("accepted", .integer(accepted)),
      ("refused", .object(reasons)), ("dropped", .integer(dropped)),
      ("first_at", firstAt.map { .string($0.description) }),
      ("last_at", lastAt.map { .string($0.description) }),
    ])
  }
}

extension APNsSimulator.Duplicate {
  var json: JSON {
    .object([
      JSON.Member("apns_id", .string(apnsID)), JSON.Member("token", .string(token)),
      JSON.Member("sequences", .array(sequences.map { .integer($0) })),
    ])
  }
}

extension APNsSimulator.Conditions {
  var json: JSON {
    .object(present: [
      ("latency_milliseconds", .integer(latency.wholeMicroseconds / 1_000)),
      ("jitter_milliseconds", .integer(jitter.wholeMicroseconds / 1_000)),
      ("stream_limit", .integer(streamLimit)),
      ("stream_limit_after_refusal", streamLimitAfterRefusal.map { .integer($0) }),
      ("new_connections", .string(newConnections.name)),
      ("reversed_answers", .integer(reversedAnswers)),
      ("refusals_before_goaway", refusalsBeforeGoAway.map { .integer($0) }),
    ])
  }
}

extension APNsSimulator.NewConnections {
  fileprivate var name: String {
    switch self {
    case .served: "served"
    case .refused: "refused"
    case .closed: "closed"
    case .stalled: "stalled"
    case .sentAway: "sent_away"
    }
  }
}

extension APNsSimulator.Fault {
  var json: JSON {
    let on: (String, JSON?) =
      switch target {
      case .any: ("any", .bool(true))
      case .token(let token): ("token", .string(token))
      case .tokenPrefix(let prefix): ("token_prefix", .string(prefix))
      case .topic(let topic): ("topic", .string(topic))
      }
    return .object(present: [
      ("kind", .string(effect.kind)), on, ("after", .integer(after)),
      ("times", times.map { .integer($0) }),
      ("delay_milliseconds", .integer(delay.wholeMicroseconds / 1_000)),
    ])
  }
}

extension APNsSimulator.Fault.Effect {
  fileprivate var kind: String {
    switch self {
    case .accept: "accept"
    case .answer: "answer"
    case .silence: "silence"
    case .reset: "reset"
    case .goAway: "goaway"
    case .close: "close"
    case .halfDead: "half_dead"
    }
  }
}

// MARK: - In

extension APNsSimulatorKey {
  private static let fields: Set<String> = [
    "team_id", "key_id", "public_key", "topics", "environment", "related_key_id",
  ]
  private static let maxTopics = 400

  static func read(_ body: [UInt8]) throws(FieldError) -> [APNsSimulatorKey] {
    var keys: [APNsSimulatorKey] = []
    for fields in try ControlInput.objects(body) {
      try fields.refuse(otherThan: Self.fields)
      func text(_ key: String) throws(FieldError) -> String {
        try fields.required(key) { key throws(FieldError) in try fields.string(key) }
      }
      let topics = try fields.array("topics", max: maxTopics)
      keys.append(
        APNsSimulatorKey(
          teamID: try text("team_id"), keyID: try text("key_id"),
          publicKeyPEM: try text("public_key"),
          topics: topics.map { Set($0.compactMap(\.string)) },
          environment: try fields.choice("environment"),
          relatedKeyID: try fields.string("related_key_id")))
    }
    return keys
  }
}

extension APNsSimulator.Device {
  private static let fields: Set<String> = [
    "token", "topic", "environment", "invalid_since", "invalid_reason",
  ]

  static func read(_ body: [UInt8]) throws(FieldError) -> [APNsSimulator.Device] {
    var devices: [APNsSimulator.Device] = []
    for fields in try ControlInput.objects(body) {
      try fields.refuse(otherThan: Self.fields)
      devices.append(
        APNsSimulator.Device(
          token: try fields.required("token") { key throws(FieldError) in try fields.string(key) },
          topic: try fields.string("topic"), environment: try fields.choice("environment"),
          invalidSince: try fields.timestamp("invalid_since"),
          invalidReason: try fields.choice("invalid_reason") ?? .unregistered))
    }
    return devices
  }
}
