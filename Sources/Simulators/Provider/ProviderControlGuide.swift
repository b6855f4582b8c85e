import PushCore

/// What a provider's control endpoint says about itself.
enum ProviderControlGuide {
  static func json(of simulation: any ProviderSimulation.Type) -> JSON {
    .object(present: [
      ("what", "A simulator of a push provider: its control endpoint."),
      ("provider", .string(simulation.name)),
      ("endpoints", texts(Array(endpoints) + Array(simulation.controlEndpoints))),
      ("fates", simulation.fates.isEmpty ? nil : texts(Array(simulation.fates))),
      ("faults", faultKinds), ("fault_fields", texts(Array(faultFields))),
    ])
  }

  private static func texts(_ pairs: [(key: String, value: String)]) -> JSON {
    .object(pairs.map { JSON.Member($0.key, .string($0.value)) })
  }

  private static let endpoints: KeyValuePairs = [
    "GET /received?after=N&limit=M":
      "pushes with a sequence above N, at most 10,000; of older ones no payload, and of the note "
      + "only delivery_id",
    "GET /received/count": "how many were received, accepted, and accepted again",
    "GET /received/duplicates?limit=M": "deliveries that were accepted more than once",
    "POST /fates":
      "{token, fate, times?}, or an array; the token * is every one without a fate of its own",
    "DELETE /fates": "every push goes well",
    "GET /faults": "the faults to come",
    "POST /faults": "one fault or an array: {\"kind\": ..., ...}, see faults",
    "DELETE /faults": "no more faults",
    "GET /receipts": "the newest 10,000 receipts that were sent, and what was answered",
    "POST /sessions/revoke": "no session token issued so far is taken any more",
    "GET /connections": "how many are open, how many there were",
    "POST /reset": "forgets what was received and sent, and clears fates and faults",
    "GET /certificate": "PEM: what a client must trust",
  ]

  private static var faultKinds: JSON {
    .object(
      SimulatedFault.Kind.allCases.map { kind in
        JSON.Member(
          kind.rawValue,
          [
            "does": .string(kind.meaning),
            "fields": .array(kind.fields.sorted().map { .string($0) }),
          ])
      })
  }

  private static let faultFields: KeyValuePairs = [
    "path": "what the request's path starts with; absent: any",
    "after": "so many that fit go well first",
    "times": "so many get the fault; absent: one; null: all, until DELETE /faults",
    "accepted": "whether the request's pushes count as taken although no answer says so",
    "body": "a string as it is, or any other JSON",
  ]
}

extension SimulatedFault.Kind {
  fileprivate var meaning: String {
    switch self {
    case .answer: "answers this in place of the provider"
    case .silence: "never answers"
    case .close: "closes the connection"
    case .reset: "RST_STREAM with this code; 7 is REFUSED_STREAM; closes an HTTP/1.1 connection"
    case .goaway: "answers, and sends the connection away with a GOAWAY"
    case .delay: "answers as usual, so much later"
    }
  }
}
