internal import PushCore

/// What each of FCM's answers means.
/// Source: Google, "FCM Error Codes" and "Best practices when sending FCM messages at scale".
enum FCMOutcome {
  /// Google: the least wait before a first retry.
  static let serverPause = Duration.seconds(10)
  /// Google: the wait after a 429 that names none. The dispatcher's own wait, doubled from try to
  /// try, is longer from the eighth on.
  static let quotaPause = Duration.seconds(60)

  static func verdict(_ answer: HTTPAnswer, at now: Timestamp) -> Verdict {
    if (200..<300).contains(answer.status) {
      guard let id = answer.json?["name"]?.string, !id.isEmpty else {
        return .unreadable(answer, at: now)
      }
      return Verdict(.accepted, status: answer.status, messageID: id)
    }
    let error = FCMError(answer)
    let kind = kind(error)
    return Verdict(
      kind, status: answer.status, reason: error.reason,
      retryAfter: pause(kind, error, asked: answer.retryAfter(at: now) ?? error.retryDelay))
  }

  /// FCM's own code first; the HTTP status, which `error.status` only repeats, where there is none
  /// or none that is known.
  static func kind(_ error: FCMError) -> OutcomeKind {
    switch error.code {
    // The app is gone, or the token was replaced or unused for 270 days.
    case "UNREGISTERED": .tokenDead
    // A malformed token and a bad message have the same code: one bad message must not cost the
    // tokens that it was sent to. Only Apple's own word behind it speaks of the token alone.
    case "INVALID_ARGUMENT":
      error.apnsStatus == 410 && error.apnsReason == "Unregistered" ? .tokenDead : .messageRefused
    // The token is another project's. With this credential it is never reached, so nothing waits
    // for it; it stays, for the credential may be the wrong one; and the credential goes on, for
    // one stray token must not stop all others.
    case "SENDER_ID_MISMATCH": .messageRefused
    // The project's key for Apple or for browsers is bad. Pushes to Android go well meanwhile, so
    // this one waits by itself.
    case "THIRD_PARTY_AUTH_ERROR": .recipientThrottled
    // The project's, the device's or the topic's rate; which of them is not said.
    case "QUOTA_EXCEEDED": .recipientThrottled
    case "UNAVAILABLE", "INTERNAL": .serverFault
    default: kind(ofStatus: error)
    }
  }

  private static func kind(ofStatus error: FCMError) -> OutcomeKind {
    switch error.status {
    // The session's token is missing, unknown or too old.
    case 401: .sessionRefused
    // The API is switched off, or the account has no rights; the project in the URL is wrong.
    // With a code that nobody knows yet it may be about the one message.
    case 403, 404: error.code == nil ? .credentialRefused : .messageRefused
    case 408, 425: .serverFault
    case 429: .recipientThrottled
    // A front end that lost what stands behind it: the push may have gone through.
    case 502, 504: .unknown
    case 500...: .serverFault
    default: .messageRefused
    }
  }

  private static func pause(
    _ kind: OutcomeKind, _ error: FCMError, asked: Duration?
  ) -> Duration? {
    switch kind {
    case .serverFault: error.status == 503 ? asked ?? serverPause : max(asked ?? .zero, serverPause)
    case .recipientThrottled: asked ?? quotaPause
    default: asked
    }
  }
}

/// `google.rpc.Status`, as FCM fills it.
struct FCMError: Equatable, Sendable {
  /// The HTTP status.
  var status: Int
  /// Such as `NOT_FOUND`.
  var canonicalCode: String?
  /// `FcmError.errorCode`, unless it says that nothing is known.
  var code: String?
  /// What Apple answered to FCM.
  var apnsStatus: Int64?
  var apnsReason: String?
  /// The path of the first field that does not fit.
  var badField: String?
  /// `google.rpc.RetryInfo`
  var retryDelay: Duration?

  private static let details = 16
  private static let fieldBytes = 64

  init(_ answer: HTTPAnswer) {
    status = answer.status
    guard let error = answer.json?["error"] else { return }
    canonicalCode = error["status"]?.string.flatMap { FieldError.shownName($0) }
    for detail in error["details"]?.array?.prefix(Self.details) ?? [] { add(detail) }
  }

  /// Older answers and other clients know the types by other packages: only the end counts.
  private mutating func add(_ detail: JSON) {
    guard let type = detail["@type"]?.string else { return }
    if type.hasSuffix("FcmError") || type.hasSuffix("FcmErrorCode") {
      let name = detail["errorCode"]?.string.flatMap { FieldError.shownName($0) }
      code = name == "UNSPECIFIED_ERROR" ? nil : name
    } else if type.hasSuffix("ApnsError") {
      apnsStatus = detail["statusCode"]?.integer
      apnsReason = detail["reason"]?.string.flatMap { FieldError.shownName($0) }
    } else if type.hasSuffix("BadRequest") {
      badField = detail["fieldViolations"]?.array?.first?["field"]?.string
        .flatMap { Self.isPath($0) ? $0 : nil }
    } else if type.hasSuffix("RetryInfo") {
      retryDelay = detail["retryDelay"]?.string.flatMap(Self.duration)
    }
  }

  /// `NOT_FOUND`, `UNREGISTERED`, `INVALID_ARGUMENT message.android.ttl`,
  /// `THIRD_PARTY_AUTH_ERROR InvalidProviderToken` or `http_502`.
  var reason: String {
    guard let name = code ?? canonicalCode else { return "http_\(status)" }
    return [name, apnsReason ?? badField].compactMap(\.self).joined(separator: " ")
  }

  /// A path such as `message.data[0].value`; what holds anything else may be what somebody wrote.
  private static func isPath(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= fieldBytes
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "."),
          UInt8(ascii: "["), UInt8(ascii: "]"):
          true
        default: false
        }
      }
  }

  /// `30s` or `1.5s`, protobuf's JSON; parts of a second count as one.
  private static func duration(_ text: String) -> Duration? {
    guard text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds >= 0 else {
      return nil
    }
    return .seconds(Int64(min(seconds, 86_400).rounded(.up)))
  }
}
