import NIOHTTP1
import PushCore

extension WebPushSimulation {
  public static var controlEndpoints: KeyValuePairs<String, String> {
    [
      "POST /subscriptions":
        "{origin, dialect?, application_server_key?, count?}: browsers subscribe; the origin is"
        + " where pushes are taken, such as https://localhost:8443, dialects are "
        + WebPushDialect.allCases.map(\.rawValue).joined(separator: ", "),
      "GET /subscriptions": "the endpoints, and how many pushes were shown and wait",
      "DELETE /subscriptions": "no browser is subscribed any more",
      "POST /browsers": "{endpoint, state}, or an array; states are offline, online, unsubscribed",
    ]
  }

  private enum Browser: String, CaseIterable {
    case offline, online, unsubscribed
  }

  private static var maxCount: Int64 { 10_000 }
  private static var maxListed: Int { 10_000 }

  public func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? {
    do {
      switch (request.method, request.path) {
      case (.POST, "/subscriptions"): return try subscribe(request.body)
      case (.GET, "/subscriptions"): break
      case (.DELETE, "/subscriptions"): removeAll()
      case (.POST, "/browsers"):
        for fields in try ControlInput.objects(request.body) { try change(fields, at: world.now) }
      default: return nil
      }
    } catch {
      return .problem(error.description)
    }
    return .json([
      "subscriptions": .array(
        all.prefix(Self.maxListed).map {
          [
            "endpoint": .string($0.endpoint), "online": .bool($0.isOnline),
            "gone": .bool($0.isGone), "shown": .integer($0.shown.count),
            "waiting": .integer($0.waiting.count),
          ]
        })
    ])
  }

  private func subscribe(_ body: [UInt8]) throws(FieldError) -> ControlAnswer {
    var made: [JSON] = []
    for fields in try ControlInput.objects(body) {
      try fields.refuse(otherThan: ["origin", "dialect", "application_server_key", "count"])
      let origin = try fields.required("origin") { name throws(FieldError) in
        try fields.string(name)
      }
      guard origin.hasPrefix("https://"), !origin.hasSuffix("/") else {
        throw FieldError(
          .badFormat, fields.name("origin"), "is none such as https://localhost:8443.")
      }
      let dialect: WebPushDialect? = try fields.choice("dialect")
      let key = try fields.string("application_server_key")
      for _ in 0..<(try fields.integer("count", in: 1...Self.maxCount) ?? 1) {
        guard let subscription = subscribe(dialect ?? .fcm, at: origin, applicationServerKey: key)
        else {
          throw FieldError(
            .badFormat, fields.name("application_server_key"),
            "is no P-256 key of 65 bytes in base64url, or there are too many subscriptions.")
        }
        made.append(subscription)
      }
    }
    return .json(["subscriptions": .array(made)])
  }

  private func change(_ fields: Fields, at now: Timestamp) throws(FieldError) {
    try fields.refuse(otherThan: ["endpoint", "state"])
    let endpoint = try fields.required("endpoint") { name throws(FieldError) in
      try fields.string(name)
    }
    let browser: Browser = try fields.requiredChoice("state")
    let isKnown =
      switch browser {
      case .offline: goOffline(endpoint)
      case .online: comeBack(endpoint, at: now)
      case .unsubscribed: unsubscribe(endpoint)
      }
    guard isKnown else {
      throw FieldError(.unknownValue, fields.name("endpoint"), "is no subscription's.")
    }
  }
}
