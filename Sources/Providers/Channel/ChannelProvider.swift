internal import Crypto
internal import NIOCore
internal import PushCore
internal import Synchronization

/// Sends pushes through one channel: what all providers that are reached by HTTP have in common.
///
/// ```
///  misfit? expired? ─▶ prepare ─▶ pace ─▶ batch ─▶ session ─▶ call ─▶ verdicts ─▶ mass guard ─▶ result
///                                                     ▲          │
///                                                     └─ once ───┘ session refused
/// ```
final class ChannelProvider<Channel: ProviderChannel>: PushProvider {
  typealias Scope = ChannelScope<Channel.Credential>

  /// How long the first push of a batch waits for others.
  static var batchWindow: Duration { .milliseconds(5) }
  /// How often what was provably not taken is sent again at once.
  static var resends: Int { 3 }

  /// What is kept for one credential in one state.
  private final class Line: Sendable {
    let batcher: Batcher
    let pace: Mutex<Pace>
    /// For each host that is sent to: nearly always one.
    let hosts = Mutex<[String: HostState]>([:])
    let counters: Mutex<ProviderStatus>

    init(recipients: Int, limits: Pace.Limits, status: ProviderStatus) {
      batcher = Batcher(recipients: recipients, window: ChannelProvider.batchWindow)
      pace = Mutex(Pace(limits))
      counters = Mutex(status)
    }
  }

  private struct HostState {
    var guardian: MassGuard
    var rest = HostRest()
  }

  private struct State {
    var lines: [[UInt8]: Line] = [:]
    var inFlight = 0
    var isClosed = false
  }

  /// Hosts whose last answers are remembered for a credential.
  private static var maxHosts: Int { 1_000 }
  /// Credentials that are remembered, replaced ones among them.
  private static var maxLines: Int { 10_000 }

  private let pool: HTTPPool
  private let sessions: SessionTokens
  private let now: @Sendable () -> Timestamp
  private let state = Mutex(State())

  init(pool: HTTPPool, now: @escaping @Sendable () -> Timestamp) {
    self.pool = pool
    self.now = now
    sessions = SessionTokens(now: now)
  }

  var name: ProviderName { Channel.name }

  func host(of request: PushRequest, with credential: ProviderCredential) -> String {
    guard let material = credential.material as? Channel.Credential else { return "" }
    return Channel.host(of: request, material)
  }

  // MARK: One push

  func send(
    _ request: PushRequest, with credential: ProviderCredential, deadline: Duration
  ) async -> AttemptResult {
    let end = NIODeadline.now() + TimeAmount(deadline)
    let sentAt = now()
    guard let material = credential.material as? Channel.Credential else {
      return AttemptResult(.retry, reason: ProviderCredential.Misfit.provider.rawValue)
    }
    if let misfit = credential.misfit(with: request) {
      return AttemptResult(.retry, reason: misfit.rawValue)
    }
    guard request.expiresAt > sentAt else { return AttemptResult(.expired, reason: "expired") }
    guard let line = line(of: credential, material, request) else {
      return AttemptResult(.retry, reason: "shutting_down")
    }
    defer { state.withLock { $0.inFlight -= 1 } }
    let scope = scope(credential, material, end)
    if let pause = rest(line, request, material, at: sentAt) {
      return AttemptResult(.retry, reason: "host_rests", retryAfter: pause)
    }
    let push: PreparedPush
    do {
      push = try Channel.prepare(request, scope)
    } catch {
      return error.verdict.result(payloadSHA256: nil, sentAt: sentAt)
    }
    let wait = line.pace.withLock { $0.take(at: sentAt) }
    if wait > .zero {
      guard NIODeadline.now() + TimeAmount(wait) < end else {
        return Verdict(.throttled, reason: "paced", retryAfter: wait)
          .result(payloadSHA256: push.payloadSHA256, sentAt: sentAt)
      }
      try? await Task.sleep(for: wait)
    }
    line.counters.withLock { $0.inFlight += 1 }
    let verdict = await line.batcher.submit(push) { pushes in
      await self.deliver(pushes, scope, credential, line)
    }
    line.counters.withLock { counters in
      counters.inFlight -= 1
      if verdict.status != nil { counters.answered += 1 }
      if verdict.reason == "no_answer" { counters.deadlinesPassed += 1 }
    }
    var result = verdict.result(payloadSHA256: push.payloadSHA256, sentAt: sentAt)
    if Channel.hasManyHosts, result.blame == .host { result.blame = .delivery }
    return result
  }

  /// How long the push's host still rests; nil: it may be called.
  private func rest(
    _ line: Line, _ request: PushRequest, _ material: Channel.Credential, at now: Timestamp
  ) -> Duration? {
    guard Channel.hasManyHosts else { return nil }
    let host = Channel.host(of: request, material)
    let left = line.hosts.withLock { $0[host]?.rest.left(at: now) } ?? .zero
    return left > .zero ? left : nil
  }

  private func line(
    of credential: ProviderCredential, _ material: Channel.Credential, _ request: PushRequest
  ) -> Line? {
    state.withLock { state in
      guard !state.isClosed else { return nil }
      state.inFlight += 1
      if let line = state.lines[credential.fingerprint] { return line }
      if state.lines.count >= Self.maxLines { state.lines = [:] }
      let line = Line(
        recipients: Channel.recipients, limits: Channel.pace(material),
        status: ProviderStatus(
          provider: Channel.name, app: credential.app, credentialID: credential.id,
          host: Channel.host(of: request, material)))
      state.lines[credential.fingerprint] = line
      return line
    }
  }

  private func scope(
    _ credential: ProviderCredential, _ material: Channel.Credential, _ deadline: NIODeadline
  ) -> Scope {
    let pool = self.pool
    let trust = material.trustRoots
    return Scope(
      app: credential.app, credentialID: credential.id, credential: material,
      topics: credential.topics, now: now()
    ) { call in await pool.execute(call, trust: trust, deadline: deadline) }
  }

  // MARK: One batch

  private func deliver(
    _ pushes: [PreparedPush], _ scope: Scope, _ credential: ProviderCredential, _ line: Line
  ) async -> [Verdict] {
    var verdicts = await attempt(pushes, scope, credential, line, refused: nil)
    var resends = 0
    while resends < Self.resends, verdicts.allSatisfy({ $0.reason == "stream_refused" }) {
      resends += 1
      line.counters.withLock { $0.resent += 1 }
      verdicts = await attempt(pushes, scope, credential, line, refused: nil)
    }
    guard let request = pushes.first?.request else { return verdicts }
    let host = Channel.host(of: request, scope.credential)
    let now = scope.now
    return line.hosts.withLock { hosts in
      if hosts.count >= Self.maxHosts, hosts[host] == nil { hosts = [:] }
      let suspect = Channel.suspect(at: host, scope.credential)
      var state = hosts[host] ?? HostState(guardian: MassGuard(suspect))
      let judged = state.guardian.judge(verdicts)
      if Channel.hasManyHosts { state.rest.learn(judged, at: now) }
      hosts[host] = state
      return judged
    }
  }

  /// - Parameter refused: The session's generation that was refused before.
  private func attempt(
    _ pushes: [PreparedPush], _ scope: Scope, _ credential: ProviderCredential, _ line: Line,
    refused: Int?
  ) async -> [Verdict] {
    var scope = scope
    scope.now = now()
    var generation: Int?
    switch await session(scope, credential, line, refused: refused) {
    case nil: break
    case .success(let grant):
      scope.session = grant.token.text
      generation = grant.generation
    case .failure(let refusal):
      return [Verdict](repeating: refusal.verdict, count: pushes.count)
    }
    let verdicts = await Channel.send(pushes, scope)
    guard let generation, refused == nil,
      verdicts.allSatisfy({ $0.kind == .sessionRefused })
    else { return verdicts }
    return await attempt(pushes, scope, credential, line, refused: generation)
  }

  /// Nil where the provider has no sessions.
  private func session(
    _ scope: Scope, _ credential: ProviderCredential, _ line: Line?, refused: Int? = nil
  ) async -> Result<SessionTokens.Grant, SessionTokens.Refusal>? {
    guard Channel.hasSessions else { return nil }
    return await sessions.token(for: credential.fingerprint, refused: refused) {
      line?.counters.withLock { $0.tokensMinted += 1 }
      return await Channel.openSession(scope)
    }
  }

  // MARK: Everything else

  func prove(_ credential: ProviderCredential, deadline: Duration) async -> CredentialProof {
    guard let material = credential.material as? Channel.Credential else {
      return .refused(ProviderCredential.Misfit.provider.rawValue)
    }
    var scope = scope(credential, material, .now() + TimeAmount(deadline))
    switch await session(scope, credential, nil) {
    case nil: break
    case .success(let grant): scope.session = grant.token.text
    case .failure(let refusal): return CredentialProof(refusal.verdict)
    }
    return await Channel.prove(scope)
  }

  func status() async -> [ProviderStatus] {
    state.withLock { $0.lines.values.map { $0.counters.withLock { $0 } } }
  }

  func shutdown(within grace: Duration) async {
    state.withLock { $0.isClosed = true }
    let end = ContinuousClock.now + grace
    while state.withLock({ $0.inFlight }) > 0, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }
}

extension CredentialProof {
  /// What a verdict that no phone was rung for says of the credential.
  init(_ verdict: Verdict) {
    let reason = verdict.reason ?? verdict.kind.rawValue
    switch verdict.kind {
    case .accepted, .tokenDead, .tokenMuted: self = .works
    case .credentialRefused, .sessionRefused: self = .refused(reason)
    case .throttled, .recipientThrottled, .quotaUsedUp, .serverFault, .unknown, .notTaken,
      .recipientRefused, .messageRefused:
      self = .unreachable(reason)
    }
  }
}

extension PreparedPush {
  /// - Parameter batch: What must be the same for pushes to go in one request; nil: this goes alone.
  init(_ request: PushRequest, content: JSON, batch: [UInt8]? = nil) {
    self.init(
      request: request, content: content, batch: batch,
      payloadSHA256: Array(SHA256.hash(data: content.serialized())))
  }
}
