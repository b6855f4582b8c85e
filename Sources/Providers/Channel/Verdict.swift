internal import PushCore

/// What an answer means, in words that hold for every provider.
///
/// A provider's table says which of its codes is which; what follows from it stands here, once.
enum OutcomeKind: String, Sendable, CaseIterable {
  /// Taken.
  case accepted
  /// The token is dead: it is invalidated, unless so many are at once that the credential is
  /// suspected; see ``MassGuard``.
  case tokenDead
  /// The phone will show nothing for now, the token stays: switched off, offline for weeks.
  case tokenMuted
  /// The session token is too old or unknown: made anew, and tried once more.
  case sessionRefused
  /// Key, secret, app or rights: nothing can be sent until the credential is mended.
  case credentialRefused
  /// The sender is too fast: all of this credential waits.
  case throttled
  /// The recipient had too many: this one waits. So many in a row say the same as `throttled`.
  case recipientThrottled
  /// The day's number is used up: all of this credential waits, as long as `retryAfter` says.
  case quotaUsedUp
  /// The provider's own fault.
  case serverFault
  /// The recipient is another sender's, such as one that subscribed under another key: refused for
  /// good, the token stays. So many in a row say that the credential is at fault; see
  /// ``MassGuard``.
  case recipientRefused
  /// The message is refused for good.
  case messageRefused
  /// Nobody knows whether it was taken.
  case unknown
  /// It provably was not taken, and may go at once by another connection.
  case notTaken
}

/// What became of one recipient's push.
struct Verdict: Equatable, Sendable {
  var kind: OutcomeKind
  /// The HTTP status of the answer.
  var status: Int?
  /// The provider's code or words, else ours in lower case.
  var reason: String?
  /// The provider's id of the push.
  var messageID: String?
  var retryAfter: Duration?

  init(
    _ kind: OutcomeKind, status: Int? = nil, reason: String? = nil, messageID: String? = nil,
    retryAfter: Duration? = nil
  ) {
    self.kind = kind
    self.status = status
    self.reason = reason
    self.messageID = messageID
    self.retryAfter = retryAfter
  }

  /// Nothing was answered.
  init(_ failure: HTTPFailure) {
    let kind: OutcomeKind =
      failure.isForGood ? .messageRefused : failure.mayHaveArrived ? .unknown : .notTaken
    self.init(kind, reason: failure.reason)
  }

  /// An answer that can't be read: with success's status nobody knows what it means, with any
  /// other its class says enough.
  static func unreadable(_ answer: HTTPAnswer, at now: Timestamp) -> Verdict {
    let reason = "http_\(answer.status)"
    let kind: OutcomeKind =
      switch answer.status {
      case 200..<300: .unknown
      case 401, 403: .credentialRefused
      case 408, 425: .serverFault
      case 429: .throttled
      case 500...: .serverFault
      default: .messageRefused
      }
    return Verdict(
      kind, status: answer.status, reason: answer.status < 300 ? "answer_unreadable" : reason,
      retryAfter: answer.retryAfter(at: now))
  }
}

extension Verdict {
  /// The wait where a provider names none.
  static let shortPause = Duration.seconds(1)
  static let recipientPause = Duration.seconds(60)

  /// - Parameter sentAt: Since when a dead token counts as invalid, unless it was registered anew.
  func result(payloadSHA256: [UInt8]?, sentAt: Timestamp) -> AttemptResult {
    var result = AttemptResult(
      outcome, status: status, reason: kind == .accepted ? nil : reason,
      providerMessageID: messageID, blame: blame, payloadSHA256: payloadSHA256)
    switch kind {
    case .tokenDead: result.invalidSince = sentAt
    case .throttled, .quotaUsedUp: result.retryAfter = retryAfter ?? Self.shortPause
    case .recipientThrottled: result.retryAfter = retryAfter ?? Self.recipientPause
    case .serverFault, .sessionRefused, .credentialRefused, .notTaken:
      result.retryAfter = retryAfter
    case .accepted, .tokenMuted, .recipientRefused, .messageRefused, .unknown: break
    }
    return result
  }

  private var outcome: AttemptOutcome {
    switch kind {
    case .accepted: .accepted
    case .tokenDead: .tokenInvalid
    case .tokenMuted, .recipientRefused, .messageRefused: .rejected
    case .unknown: .unknown
    case .sessionRefused, .credentialRefused, .throttled, .recipientThrottled, .quotaUsedUp,
      .serverFault, .notTaken:
      .retry
    }
  }

  private var blame: AttemptBlame {
    switch kind {
    case .sessionRefused, .credentialRefused: .credential
    case .throttled, .quotaUsedUp: .pace
    case .serverFault, .notTaken, .unknown: .host
    case .accepted, .tokenDead, .tokenMuted, .recipientThrottled, .recipientRefused,
      .messageRefused:
      .delivery
    }
  }
}
