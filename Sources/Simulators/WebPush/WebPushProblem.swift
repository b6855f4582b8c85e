/// What is wrong with a request, in words that hold for every push service.
enum WebPushProblem: String, Error, CaseIterable {
  case methodNotAllowed = "method_not_allowed"
  case unknown
  case gone
  case vapidMissing = "vapid_missing"
  case vapidMalformed = "vapid_malformed"
  case keyMalformed = "key_malformed"
  case tokenRefused = "token_refused"
  case otherKey = "other_key"
  case ttlMissing = "ttl_missing"
  case ttlMalformed = "ttl_malformed"
  case urgencyUnknown = "urgency_unknown"
  case topicMalformed = "topic_malformed"
  case cachePolicy = "cache_policy"
  case tooLarge = "too_large"
  case encodingUnknown = "encoding_unknown"
  case recordMalformed = "record_malformed"
  /// What no push service can see: the browser has other keys.
  case undecryptable

  /// As the services were seen to answer, or say that they do. Which of Apple's reasons goes with
  /// which status was not confirmed one by one.
  func answer(in dialect: WebPushDialect) -> SimulatedAnswer {
    switch self {
    case .methodNotAllowed: dialect.refusal(405, text: "Only POST is taken.")
    case .unknown: dialect.refusal(404, text: "There is no such subscription.")
    case .gone:
      dialect.refusal(410, text: "push subscription has unsubscribed or expired.")
    case .vapidMissing, .vapidMalformed:
      dialect.refusal(
        dialect == .apple ? 400 : 401, code: dialect == .apple ? "BadAuthorizationHeader" : nil,
        text: "The VAPID credentials are missing or malformed.")
    case .keyMalformed:
      dialect.refusal(
        dialect == .mozilla ? 401 : dialect == .apple ? 400 : 403,
        code: dialect == .apple ? "BadVapidPublicKey" : nil, text: "The VAPID key is malformed.")
    case .tokenRefused:
      dialect.refusal(
        dialect == .mozilla ? 401 : 403, text: "The VAPID token is expired, or not for here.")
    case .otherKey:
      dialect.refusal(
        dialect == .mozilla ? 401 : dialect == .apple ? 400 : 403,
        code: dialect == .apple ? "VapidPkHashMismatch" : nil,
        text: "the VAPID credentials in the authorization header do not correspond to the"
          + " credentials used to create the subscriptions.")
    case .ttlMissing: bad(dialect, mozilla: "111", apple: "BadTtl", "The TTL header is missing.")
    case .ttlMalformed: bad(dialect, mozilla: "112", apple: "BadTtl", "The TTL is no number.")
    case .urgencyUnknown: bad(dialect, apple: "BadUrgency", "There is no such urgency.")
    case .topicMalformed:
      bad(dialect, mozilla: "113", apple: "BadWebPushTopic", "The topic is none.")
    case .cachePolicy: bad(dialect, "The TTL does not go with the cache policy.")
    case .tooLarge: dialect.refusal(413, text: "The body has more than 4096 bytes.")
    case .encodingUnknown: bad(dialect, "Only aes128gcm is taken.")
    case .recordMalformed: bad(dialect, "The encrypted record is malformed.")
    case .undecryptable: bad(dialect, "The browser could not decrypt this.")
    }
  }

  private func bad(
    _ dialect: WebPushDialect, mozilla: String? = nil, apple: String? = nil, _ text: String
  ) -> SimulatedAnswer {
    let code: String? =
      switch dialect {
      case .mozilla: mozilla
      case .apple: apple
      case .fcm, .wns: nil
      }
    return dialect.refusal(400, code: code, text: text)
  }
}
