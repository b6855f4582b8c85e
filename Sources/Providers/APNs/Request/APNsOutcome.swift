internal import PushCore

/// What APNs answered to one push.
struct APNsAnswer: Equatable, Sendable {
  var status: Int
  /// From the body's JSON; nil where there was none.
  var reason: String?
  /// With 410: since when the token is invalid, milliseconds since 1970
  /// (0 to the end of the year 9999; anything else counts as absent).
  var timestampMilliseconds: Int64?
  /// The header `apns-id`.
  var id: String?
  /// Apple documents none, but a relay may send it.
  var retryAfter: Duration?
}

/// What each answer means: for the delivery, and for the connection that brought it.
///
/// Reasons are told apart only under the status that Apple documents for them; whatever else
/// comes is judged by the class of its status.
enum APNsOutcome {
  struct Rule: Equatable {
    var outcome: AttemptOutcome
    var blame: AttemptBlame = .delivery
    var retryAfter: Duration?
    var remedy = Remedy.none
  }

  /// What the transport does with an answer before, or besides, handing it on.
  enum Remedy: Equatable {
    case none
    /// Nothing more is sent on this connection; another one takes its place.
    case replaceConnection
    /// As before, and the push is sent again at once on another connection, a bounded number of
    /// times: it was not taken.
    case resend
    /// As before, once, with a provider token made anew.
    case resendWithNewToken
  }

  /// Apple: a 5xx may be tried again after 15 minutes.
  static let serverErrorWait = Duration.seconds(15 * 60)
  /// The device had too many pushes in a row.
  static let deviceWait = Duration.seconds(60)
  /// A provider token that changed too often is taken again after a while.
  static let tokenUpdatesWait = Duration.seconds(60)

  /// - Parameter topicIsListed: The credential names the topic itself. Then a refused topic is the
  ///   credential's fault and may be mended; else a device brought it along.
  static func rule(status: Int, reason: String?, topicIsListed: Bool) -> Rule {
    if let reason = reason.flatMap(APNsReason.init), reason.status == status {
      return rule(for: reason, topicIsListed: topicIsListed)
    }
    return rule(forClassOf: status)
  }

  /// BadDeviceToken does not kill the token: it may be valid in the other environment, and Apple
  /// says of a dead one 410. The push is refused for good, the device stays as it is, and the
  /// transport keeps further pushes to it off the wire for a while (see ``RefusedTokens``).
  ///
  /// What blames the credential is never final: once it is mended, the delivery can still go out.
  private static func rule(for reason: APNsReason, topicIsListed: Bool) -> Rule {
    switch reason {
    case .badCollapseID, .badDeviceToken, .badExpirationDate, .badMessageID, .badPriority,
      .badTopic, .deviceTokenNotForTopic, .duplicateHeaders, .invalidPushType, .missingDeviceToken,
      .missingTopic, .payloadEmpty, .forbidden, .badPath, .methodNotAllowed, .payloadTooLarge:
      Rule(outcome: .rejected)
    case .topicDisallowed:
      topicIsListed
        ? Rule(outcome: .retry, blame: .credential) : Rule(outcome: .rejected)
    case .badCertificate, .badCertificateEnvironment, .invalidProviderToken,
      .missingProviderToken, .badEnvironmentKeyID, .badEnvironmentKey:
      Rule(outcome: .retry, blame: .credential)
    case .expiredProviderToken:
      Rule(outcome: .retry, blame: .credential, remedy: .resendWithNewToken)
    case .unrelatedKeyID:
      Rule(outcome: .retry, blame: .credential, remedy: .resend)
    case .tooManyProviderTokenUpdates:
      Rule(
        outcome: .retry, blame: .credential, retryAfter: tokenUpdatesWait,
        remedy: .replaceConnection)
    case .expiredToken, .unregistered:
      Rule(outcome: .tokenInvalid)
    case .tooManyRequests:
      Rule(outcome: .retry, retryAfter: deviceWait)
    case .idleTimeout, .shutdown:
      Rule(outcome: .retry, blame: .host, remedy: .resend)
    case .internalServerError:
      Rule(outcome: .retry, blame: .host, retryAfter: serverErrorWait)
    case .serviceUnavailable:
      Rule(outcome: .retry, blame: .host)
    }
  }

  private static func rule(forClassOf status: Int) -> Rule {
    switch status {
    case 200..<300: Rule(outcome: .accepted)
    case 401, 403, 407: Rule(outcome: .retry, blame: .credential)
    case 408, 425: Rule(outcome: .retry, blame: .host)
    case 410: Rule(outcome: .tokenInvalid)
    case 421: Rule(outcome: .retry, blame: .host, remedy: .resend)
    case 429: Rule(outcome: .retry, retryAfter: deviceWait)
    case 400..<500: Rule(outcome: .rejected)
    case 500..<600: Rule(outcome: .retry, blame: .host, retryAfter: serverErrorWait)
    default: Rule(outcome: .retry, blame: .host)
    }
  }

  /// - Parameter sentAt: When the request left: where a 410 names no time, the token counts as
  ///   invalid only if it was not registered again since.
  static func result(
    _ answer: APNsAnswer, rule: Rule, payloadSHA256: [UInt8], sentAt: Timestamp
  ) -> AttemptResult {
    AttemptResult(
      rule.outcome, status: answer.status,
      reason: rule.outcome == .accepted ? nil : answer.reason ?? "http_\(answer.status)",
      providerMessageID: answer.id,
      retryAfter: rule.outcome == .retry ? answer.retryAfter ?? rule.retryAfter : nil,
      invalidSince: rule.outcome == .tokenInvalid
        ? answer.timestampMilliseconds.map { Timestamp(microseconds: $0 * 1_000) } ?? sentAt
        : nil,
      blame: rule.blame, payloadSHA256: payloadSHA256)
  }
}

extension APNsReason {
  /// The HTTP status that Apple documents for the reason.
  var status: Int {
    switch self {
    case .badCollapseID, .badDeviceToken, .badExpirationDate, .badMessageID, .badPriority,
      .badTopic, .deviceTokenNotForTopic, .duplicateHeaders, .idleTimeout, .invalidPushType,
      .missingDeviceToken, .missingTopic, .payloadEmpty, .topicDisallowed:
      400
    case .badCertificate, .badCertificateEnvironment, .expiredProviderToken, .forbidden,
      .invalidProviderToken, .missingProviderToken, .unrelatedKeyID, .badEnvironmentKeyID,
      .badEnvironmentKey:
      403
    case .badPath: 404
    case .methodNotAllowed: 405
    case .expiredToken, .unregistered: 410
    case .payloadTooLarge: 413
    case .tooManyProviderTokenUpdates, .tooManyRequests: 429
    case .internalServerError: 500
    case .serviceUnavailable, .shutdown: 503
    }
  }

  /// Whether a server that sends everyone away for this reason will do so until the credential
  /// is mended.
  var blamesCredential: Bool {
    APNsOutcome.rule(status: status, reason: rawValue, topicIsListed: true).blame == .credential
      && self != .expiredProviderToken && self != .unrelatedKeyID
      && self != .tooManyProviderTokenUpdates
  }
}
