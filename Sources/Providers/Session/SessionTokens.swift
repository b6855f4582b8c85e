internal import PushCore

/// A token that a provider gave for a credential, to be shown with every push for a while.
struct SessionToken: Equatable, Sendable {
  var text: SecretText
  var expiresAt: Timestamp
}

/// The session tokens of one provider: one for each credential, shared by all its pushes, asked
/// for once at a time, and renewed while the old one still holds.
actor SessionTokens {
  /// How long before its end a token is renewed; with a shorter life, after half of it.
  static let renewAhead = Duration.seconds(300)
  private static let firstPause = Duration.seconds(1)
  private static let longestPause = Duration.seconds(60)

  typealias Opening = @Sendable () async -> Result<SessionToken, Refusal>

  /// Why there is no token.
  struct Refusal: Error, Sendable {
    var verdict: Verdict
  }

  struct Grant: Sendable {
    var token: SessionToken
    /// Counts up with every token of a credential.
    var generation: Int
  }

  private struct Entry {
    var grant: Grant?
    var renewAt = Timestamp(microseconds: 0)
    var opening: Task<Result<Grant, Refusal>, Never>?
    var generation = 0
    var failures = 0
    var failure: (refusal: Refusal, until: Timestamp)?
  }

  private let now: @Sendable () -> Timestamp
  private var entries: [[UInt8]: Entry] = [:]

  init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

  /// The token of a credential, made by `open` where there is none that holds.
  ///
  /// - Parameters:
  ///   - key: What tells credentials apart: a replaced one is another.
  ///   - refused: The generation that the provider refused just now; it is not given again.
  func token(
    for key: [UInt8], refused: Int? = nil, open: @escaping Opening
  ) async -> Result<Grant, Refusal> {
    let now = self.now()
    var entry = entries[key] ?? Entry()
    if let refused, entry.grant?.generation == refused { entry.grant = nil }
    if let grant = entry.grant, now < grant.token.expiresAt {
      if now >= entry.renewAt, entry.opening == nil, entry.failure.map({ now >= $0.until }) ?? true
      {
        entries[key] = entry
        _ = start(key, open)
      } else {
        entries[key] = entry
      }
      return .success(grant)
    }
    entries[key] = entry
    if let opening = entry.opening { return await opening.value }
    if let failure = entry.failure, now < failure.until {
      var refusal = failure.refusal
      refusal.verdict.retryAfter = max(
        refusal.verdict.retryAfter ?? .zero, failure.until - now)
      return .failure(refusal)
    }
    return await start(key, open).value
  }

  /// One call for all that ask meanwhile.
  private func start(
    _ key: [UInt8], _ open: @escaping Opening
  ) -> Task<Result<Grant, Refusal>, Never> {
    let task = Task {
      let opened = await open()
      return self.finish(key, opened)
    }
    entries[key]?.opening = task
    return task
  }

  private func finish(
    _ key: [UInt8], _ opened: Result<SessionToken, Refusal>
  ) -> Result<Grant, Refusal> {
    let now = self.now()
    var entry = entries[key] ?? Entry()
    entry.opening = nil
    defer {
      tidy(at: now)
      entries[key] = entry
    }
    switch opened {
    case .success(let token):
      entry.generation += 1
      let grant = Grant(token: token, generation: entry.generation)
      entry.grant = grant
      let life = token.expiresAt - now
      entry.renewAt = token.expiresAt - min(Self.renewAhead, life * 0.5)
      entry.failures = 0
      entry.failure = nil
      return .success(grant)
    case .failure(let refusal):
      let pause = min(Self.firstPause * (1 << min(entry.failures, 10)), Self.longestPause)
      entry.failures += 1
      entry.failure = (refusal, now + pause)
      return .failure(refusal)
    }
  }

  /// Forgets credentials that nobody has asked for since their token ended.
  private func tidy(at now: Timestamp) {
    entries = entries.filter { _, entry in
      entry.opening != nil || entry.failure.map { now < $0.until } ?? false
        || entry.grant.map { now < $0.token.expiresAt } ?? false
    }
  }
}
