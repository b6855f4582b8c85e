internal import Crypto
internal import NIOCore
internal import PushCore
internal import Synchronization

/// Calls the webhooks of devices of the callback channel: each push is a signed POST to the URL
/// that is the device's token.
///
/// Not a `ProviderChannel`: its hosts are many and named by whoever registers a device, so one that
/// fails must keep nothing from the others.
final class CallbackProvider: PushProvider {
  static let signature = "x-pushledger-signature"
  /// Credentials that are counted apart.
  private static let mostCounters = 10_000

  private struct State {
    var counters: [[UInt8]: ProviderStatus] = [:]
    var inFlight = 0
    var isClosed = false
  }

  private let pool: HTTPPool
  private let now: @Sendable () -> Timestamp
  private let state = Mutex(State())

  init(pool: HTTPPool, now: @escaping @Sendable () -> Timestamp) {
    self.pool = pool
    self.now = now
  }

  var name: ProviderName { .callback }

  func host(of request: PushRequest, with credential: ProviderCredential) -> String {
    WebAddress(request.token)?.host ?? "webhook"
  }

  func send(
    _ request: PushRequest, with credential: ProviderCredential, deadline: Duration
  ) async -> AttemptResult {
    let end = NIODeadline.now() + TimeAmount(deadline)
    let sentAt = now()
    guard let material = credential.material as? CallbackCredential else {
      return AttemptResult(.retry, reason: ProviderCredential.Misfit.provider.rawValue)
    }
    if let misfit = credential.misfit(with: request) {
      return AttemptResult(.retry, reason: misfit.rawValue)
    }
    guard request.expiresAt > sentAt else { return AttemptResult(.expired, reason: "expired") }
    guard let address = WebAddress(request.token) else {
      return AttemptResult(.rejected, reason: HTTPFailure.urlMalformed.reason)
    }
    guard begin(credential) else { return AttemptResult(.retry, reason: "shutting_down") }
    let body = CallbackNotification.json(
      request.notification, delivery: request.deliveryID, position: request.position,
      expiresAt: request.expiresAt
    ).serialized()
    var call = HTTPCall(
      address.url,
      headers: [
        ("content-type", "application/json"),
        (Self.signature, material.signature(of: body, at: sentAt)),
      ], body: body)
    call.mustBePublic = !material.allowsPrivate
    call.needsBody = false
    let answer = await pool.execute(call, trust: material.trustRoots, deadline: end)
    var result = CallbackOutcome.result(answer, at: sentAt)
    result.payloadSHA256 = Array(SHA256.hash(data: body))
    finish(credential, result)
    return result
  }

  private func begin(_ credential: ProviderCredential) -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      state.inFlight += 1
      if state.counters.count >= Self.mostCounters { state.counters = [:] }
      let fresh = ProviderStatus(
        provider: name, app: credential.app, credentialID: credential.id, host: "webhook")
      state.counters[credential.fingerprint, default: fresh].inFlight += 1
      return true
    }
  }

  private func finish(_ credential: ProviderCredential, _ result: AttemptResult) {
    state.withLock { state in
      state.inFlight -= 1
      let key = credential.fingerprint
      state.counters[key]?.inFlight -= 1
      if result.status != nil { state.counters[key]?.answered += 1 }
      if result.reason == "no_answer" { state.counters[key]?.deadlinesPassed += 1 }
    }
  }

  func prove(_ credential: ProviderCredential, deadline: Duration) async -> CredentialProof {
    .cannotTell("each device has a webhook of its own, which is called with a notification only")
  }

  func status() async -> [ProviderStatus] { state.withLock { Array($0.counters.values) } }

  func shutdown(within grace: Duration) async {
    state.withLock { $0.isClosed = true }
    let end = ContinuousClock.now + grace
    while state.withLock({ $0.inFlight }) > 0, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }
}
