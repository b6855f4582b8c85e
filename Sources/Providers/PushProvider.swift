public import PushCore

/// One provider's way to a phone: what the dispatcher sees of APNs, FCM and the others.
public protocol PushProvider: Sendable {
  var name: ProviderName { get }

  /// The server that a request would go to, such as `api.push.apple.com`: what a circuit breaker
  /// of the host is named after.
  func host(of request: PushRequest, with credential: ProviderCredential) -> String

  /// Makes one attempt and says how it ended. Never throws, and always returns: with the
  /// provider's answer, or at the latest soon after `deadline` with what is known then.
  ///
  /// Cancelling the task does not end the attempt: whether it rang is worth knowing.
  ///
  /// Two requests that are on their way at once may arrive in either order. Whoever wants a
  /// device's pushes in order waits for one answer before the next request.
  /// - Parameters:
  ///   - request: What is to be shown, where, and until when.
  ///   - credential: One that fits the request; see ``ProviderCredential/misfit(with:)``.
  ///   - deadline: From the call to the answer, waiting for a free stream included.
  func send(
    _ request: PushRequest, with credential: ProviderCredential, deadline: Duration
  ) async -> AttemptResult

  /// Shows that the provider takes a credential, without ringing any phone; at the latest soon
  /// after `deadline`.
  func prove(_ credential: ProviderCredential, deadline: Duration) async -> CredentialProof

  /// The connections at this moment, for `status` and metrics: one entry for each credential and
  /// host in use.
  func status() async -> [ProviderStatus]

  /// Takes no more requests, answers those not yet sent with ``AttemptOutcome/retry``, waits at
  /// most `grace` for the answers to the others, and closes every connection.
  func shutdown(within grace: Duration) async
}

/// The state of one provider's connections with one credential to one host.
///
/// The counters start with the process and never go down.
public struct ProviderStatus: Equatable, Sendable {
  public var provider: ProviderName
  public var app: AppID
  public var credentialID: String
  public var host: String
  /// Connections that take new requests.
  public var connections = 0
  /// Connections that only finish what was sent on them.
  public var drainingConnections = 0
  /// Requests sent and not yet answered.
  public var inFlight = 0
  /// Requests that wait for a free stream.
  public var waiting = 0
  /// Streams that the host allows at this moment, over all connections.
  public var streamLimit = 0
  /// Until when no new connection is tried, from now; nil where none failed.
  public var nextConnect: Duration?
  /// Why the last try to connect failed; nil after one that succeeded.
  public var lastConnectFailure: String?

  public var connectionsOpened: Int64 = 0
  public var connectFailures: Int64 = 0
  /// Connections closed because nothing answered on them any more.
  public var deadConnections: Int64 = 0
  public var goAways: Int64 = 0
  public var lastGoAwayReason: String?
  public var answered: Int64 = 0
  /// Requests sent again at once because the host had provably not processed them.
  public var resent: Int64 = 0
  /// Streams that the host reset.
  public var streamResets: Int64 = 0
  /// Requests whose deadline passed without an answer, sent or not.
  public var deadlinesPassed: Int64 = 0
  /// Provider tokens (JWT) made.
  public var tokensMinted: Int64 = 0

  public init(provider: ProviderName, app: AppID, credentialID: String, host: String) {
    self.provider = provider
    self.app = app
    self.credentialID = credentialID
    self.host = host
  }
}
