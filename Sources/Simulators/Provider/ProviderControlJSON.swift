import PushCore

extension SimulatedPush {
  var json: JSON {
    .object(present: [
      ("sequence", .integer(sequence)), ("received_at", JSON(receivedAt)),
      ("token", .string(token)), ("id", .string(id)), ("accepted", .bool(isAccepted)),
      ("note", note == [:] ? nil : note),
      ("payload", payload.isEmpty ? nil : shown(payload)),
      ("connection", .integer(connection)),
    ])
  }

  /// JSON as such, other text as a string, and what is encrypted by its length alone.
  private func shown(_ payload: [UInt8]) -> JSON {
    if let json = try? JSON.parse(payload) { return json }
    if let text = String(validating: payload, as: UTF8.self), !text.utf8.contains(0) {
      return .string(text)
    }
    return ["bytes": .integer(payload.count)]
  }
}

extension SimulatedCounts {
  var json: JSON {
    [
      "received": .integer(received), "accepted": .integer(accepted),
      "deliveries": .integer(deliveries), "duplicates": .integer(duplicates),
    ]
  }
}

extension SimulatedDuplicate {
  var json: JSON {
    [
      "token": .string(token), "delivery_id": .string(deliveryID),
      "sequences": .array(sequences.map { .integer($0) }),
    ]
  }
}

extension SentReceipt {
  var json: JSON {
    .object(present: [
      ("url", .string(url)), ("sent_at", JSON(sentAt)),
      ("body", .string(String(decoding: body, as: UTF8.self))),
      ("status", status.map { .integer($0) }), ("problem", problem.map { .string($0) }),
    ])
  }
}

extension SimulatedFault {
  var json: JSON {
    .object(present: [
      ("kind", .string(effect.kind.rawValue)), ("path", .string(path)),
      ("after", .integer(after)), ("times", times.map { .integer($0) }),
    ])
  }
}

extension SimulatedFault.Effect {
  fileprivate var kind: SimulatedFault.Kind {
    switch self {
    case .answer: .answer
    case .silence: .silence
    case .close: .close
    case .reset: .reset
    case .goAway: .goaway
    case .delay: .delay
    }
  }
}
