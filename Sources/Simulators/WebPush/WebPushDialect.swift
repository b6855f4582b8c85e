import PushCore

/// Whose answers a subscription's endpoint gives.
public enum WebPushDialect: String, Sendable, CaseIterable {
  case fcm, mozilla, apple, wns

  /// The longest that a push is kept, in seconds.
  var longestTTL: Int { self == .fcm ? 2_419_200 : 2_592_000 }

  /// - Parameters:
  ///   - code: Mozilla's `errno`, Apple's `reason`, Microsoft's `x-wns-status`; absent: what goes
  ///     with the status.
  ///   - text: In the service's words; FCM has nothing else.
  func refusal(
    _ status: Int, code: String? = nil, text: String = "", retryAfter: Int? = nil
  ) -> SimulatedAnswer {
    var answer: SimulatedAnswer
    switch self {
    case .fcm: answer = .text(text.isEmpty ? "Error \(status)" : text, status: status)
    case .mozilla:
      answer = .json(
        [
          "code": .integer(status),
          "errno": .integer(code.flatMap { Int($0) } ?? Self.mozillaNumbers[status] ?? 999),
          "error": .string("Error \(status)"), "message": .string(text),
        ], status: status)
    case .apple:
      guard let reason = code ?? Self.appleReasons[status] else {
        answer = .empty(status)
        break
      }
      answer = .json(["reason": .string(reason)], status: status)
    case .wns:
      answer = SimulatedAnswer(
        status: status,
        headers: [
          ("x-wns-status", code ?? (status == 406 ? "channelthrottled" : "dropped")),
          ("x-wns-error-description", text),
        ])
    }
    if let retryAfter { answer.headers.append(("retry-after", String(retryAfter))) }
    return answer
  }

  func acceptance(id: String, origin: String, shortenedTo ttl: Int?) -> SimulatedAnswer {
    var answer = SimulatedAnswer.empty(201)
    switch self {
    case .fcm, .mozilla: answer.headers.append(("location", "\(origin)/m/\(id)"))
    case .apple: answer.headers.append(("apns-id", id))
    case .wns:
      answer.headers += [("x-wns-status", "received"), ("x-wns-msg-id", id)]
    }
    if let ttl { answer.headers.append(("ttl", String(ttl))) }
    return answer
  }

  private static let mozillaNumbers = [
    400: 110, 401: 109, 404: 102, 410: 106, 413: 104, 429: 201, 503: 202,
  ]
  private static let appleReasons = [
    400: "BadWebPushRequest", 403: "BadJwtToken", 404: "BadPath", 405: "MethodNotAllowed",
    413: "PayloadTooLarge", 429: "TooManyRequests", 500: "InternalServerError",
    503: "ServiceUnavailable",
  ]
}
