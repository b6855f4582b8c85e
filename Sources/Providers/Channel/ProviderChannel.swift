internal import PushCore

/// What one provider that takes pushes as HTTP requests has of its own. All else, from sessions to
/// batches, is ``ChannelProvider``'s.
///
/// `docs/adding-a-provider.md` goes through it step by step.
protocol ProviderChannel: Sendable {
  associatedtype Credential: CredentialMaterial

  static var name: ProviderName { get }

  /// Whether a push can't go without a topic, which is the app's package.
  static var needsTopic: Bool { get }

  static var guide: CredentialGuide { get }

  /// Reads a credential and checks what can be checked without the provider's server.
  ///
  /// - Throws: ``FieldError`` that names `secret` or the setting at fault.
  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> Credential

  /// Checks the form of a token that a device is to be registered with.
  ///
  /// - Throws: ``FieldError`` that names `field` and what would be right; it never holds the token.
  static func checkToken(_ token: JSON, field: String) throws(FieldError)

  /// Recipients of one request at most; 1: every push is a request of its own.
  static var recipients: Int { get }

  /// Where the pushes of a credential go, as a circuit breaker is named: `api.push.example`.
  static func host(of request: PushRequest, _ credential: Credential) -> String

  /// Whether a credential's pushes go to hosts that others named: then what one of them does is
  /// nothing to the others.
  static var hasManyHosts: Bool { get }

  /// Who is suspected where a host refuses one recipient after the other.
  static func suspect(at host: String, _ credential: Credential) -> MassGuard.Suspect

  /// What may be sent with a credential, and how fast it may begin.
  static func pace(_ credential: Credential) -> Pace.Limits

  /// Makes a push ready: everything but the session's token.
  ///
  /// - Throws: The verdict of a push that is not worth a request, such as one too large.
  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<Credential>
  ) throws(Refused) -> PreparedPush

  /// Sends pushes of one batch: they have the same ``PreparedPush/batch``.
  ///
  /// - Returns: What became of each, in their order.
  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<Credential>
  ) async -> [Verdict]

  /// Whether pushes need a token that the provider gives for the credential.
  static var hasSessions: Bool { get }

  /// Asks for a session's token. Called only where ``hasSessions``.
  static func openSession(
    _ scope: ChannelScope<Credential>
  ) async -> Result<SessionToken, SessionTokens.Refusal>

  /// Reads a call in which the provider reports what became of pushes.
  ///
  /// - Throws: ``FieldError`` for a body that is none of this provider's.
  static func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading

  /// Shows that the provider takes a credential, without ringing any phone. Called with a session
  /// where there are sessions.
  static func prove(_ scope: ChannelScope<Credential>) async -> CredentialProof
}

extension ProviderChannel {
  static var needsTopic: Bool { false }
  static var recipients: Int { 1 }
  static var hasSessions: Bool { false }
  static var hasManyHosts: Bool { false }

  static func suspect(at host: String, _ credential: Credential) -> MassGuard.Suspect {
    .credential
  }

  static func pace(_ credential: Credential) -> Pace.Limits { .unlimited }

  static func checkToken(_ token: JSON, field: String) throws(FieldError) {
    _ = try token.textToken(field)
  }

  static func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    throw FieldError(.unknownValue, "provider", "is \(name.rawValue), which sends no receipts.")
  }

  static func openSession(
    _ scope: ChannelScope<Credential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    .failure(SessionTokens.Refusal(verdict: Verdict(.sessionRefused, reason: "no_sessions")))
  }
}

/// A push that is not worth a request.
struct Refused: Error {
  var verdict: Verdict

  init(_ kind: OutcomeKind, _ reason: String) { verdict = Verdict(kind, reason: reason) }
}

/// A push as its channel will send it.
struct PreparedPush: Sendable {
  var request: PushRequest
  /// What the phone gets, without recipient and session.
  var content: JSON
  /// Pushes with the same value may go in one request; nil: this one goes alone.
  var batch: [UInt8]?
  /// SHA-256 of `content`.
  var payloadSHA256: [UInt8]

  var token: String { request.token }
}

/// What a channel's functions work with.
struct ChannelScope<Credential: CredentialMaterial>: Sendable {
  var app: AppID
  var credentialID: String
  var credential: Credential
  /// The credential's topics; see ``ProviderCredential/topics``.
  var topics: [String]
  /// The session's token, where there are sessions; empty elsewhere.
  var session = SecretText("")
  var now: Timestamp
  var call: @Sendable (HTTPCall) async -> Result<HTTPAnswer, HTTPFailure>

  /// The app's package or bundle that a push goes to: the device's own topic, else the
  /// credential's only one.
  func topic(of request: PushRequest) -> String? {
    request.topic ?? (topics.count == 1 ? topics[0] : nil)
  }
}

/// What `credentials check` found.
public enum CredentialProof: Equatable, Sendable {
  /// The provider takes it.
  case works
  /// The provider refuses it: its code or words.
  case refused(String)
  /// The provider did not say: it was not reached, or failed itself.
  case unreachable(String)
  /// The provider has no way to tell without a push; why.
  case cannotTell(String)
}
