import PushCore

/// The head of a push (RFC 8030, 5), found to be whole.
struct WebPushRequest {
  enum Urgency: String {
    case veryLow = "very-low"
    case low, normal, high
  }

  /// Seconds, no more than the service keeps it.
  let ttl: Int
  /// Whether the sender asked for more.
  let isShortened: Bool
  let urgency: Urgency
  let topic: String?

  private static let topicCharacters = 32

  init(_ request: SimulatedRequest, dialect: WebPushDialect) throws(WebPushProblem) {
    guard let text = request.header("ttl") else { throw .ttlMissing }
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      let asked = Int(text)
    else { throw .ttlMalformed }
    guard let urgency = Urgency(rawValue: request.header("urgency") ?? Urgency.normal.rawValue)
    else { throw .urgencyUnknown }
    topic = request.header("topic")
    if let topic {
      guard !topic.isEmpty, topic.utf8.count <= Self.topicCharacters,
        WebPushText.isBase64URL(topic)
      else { throw .topicMalformed }
    }
    if dialect == .wns {
      let isKept = request.header("x-wns-cache-policy").map { $0 == "cache" } ?? true
      guard isKept == (asked > 0) else { throw .cachePolicy }
    }
    self.urgency = urgency
    ttl = min(asked, dialect.longestTTL)
    isShortened = asked > dialect.longestTTL
    guard request.body.count <= WebPushDecryption.maxBodyBytes else { throw .tooLarge }
    guard request.body.isEmpty || request.header("content-encoding") == "aes128gcm" else {
      throw .encodingUnknown
    }
  }
}
