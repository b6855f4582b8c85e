/// How one attempt at a delivery ended.
public enum AttemptOutcome: String, Sendable, Hashable, CaseIterable {
  /// The provider took it. That does not prove that the phone showed it.
  case accepted
  /// Not taken now; it may be sent again.
  case retry
  /// Refused for good: never sent again.
  case rejected
  /// Refused for good because the device token is no longer valid.
  case tokenInvalid = "token_invalid"
  /// Its expiry passed before the provider took it.
  case expired
  /// Sent, but no answer is known: sent again, and marked.
  case unknown

  /// Nothing follows on this delivery.
  public var isFinal: Bool {
    switch self {
    case .accepted, .rejected, .tokenInvalid, .expired: true
    case .retry, .unknown: false
    }
  }

  /// The way to the device was refused for good: another one may be tried.
  public var isRefusal: Bool { self == .rejected || self == .tokenInvalid }
}

/// What an attempt taught about more than its own delivery.
public enum AttemptBlame: Sendable, Hashable {
  /// Nothing beyond this delivery or device.
  case delivery
  /// The credential: no push with it can succeed until it is mended.
  case credential
  /// The credential's speed: the provider asks all that is sent with it to wait.
  case pace
  /// The provider's host: it is slow, down or asks for peace.
  case host
}

/// What a provider answered to one attempt, mapped from its own words.
public struct AttemptResult: Equatable, Sendable {
  /// Nothing was sent: what there was to show is erased.
  public static let contentErased = "content_erased"
  /// Nothing was sent: the device's token is erased.
  public static let tokenErased = "token_erased"

  public var outcome: AttemptOutcome
  /// The HTTP status, where there was an answer.
  public var status: Int?
  /// The provider's reason, or ours in lower case with underscores, such as `payload_too_large`.
  public var reason: String?
  /// The provider's id of the push.
  public var providerMessageID: String?
  /// The provider asked for, or its rules demand, at least this long a wait before a retry.
  public var retryAfter: Duration?
  /// With ``AttemptOutcome/tokenInvalid``: since when the provider knows the token to be invalid.
  public var invalidSince: Timestamp?
  public var blame: AttemptBlame
  /// SHA-256 of the payload's bytes; nil where none was made.
  public var payloadSHA256: [UInt8]?

  public init(
    _ outcome: AttemptOutcome, status: Int? = nil, reason: String? = nil,
    providerMessageID: String? = nil, retryAfter: Duration? = nil, invalidSince: Timestamp? = nil,
    blame: AttemptBlame = .delivery, payloadSHA256: [UInt8]? = nil
  ) {
    self.outcome = outcome
    self.status = status
    self.reason = reason
    self.providerMessageID = providerMessageID
    self.retryAfter = retryAfter
    self.invalidSince = invalidSince
    self.blame = blame
    self.payloadSHA256 = payloadSHA256
  }
}
