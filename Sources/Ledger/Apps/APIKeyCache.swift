import Crypto
import Synchronization

/// Keys that were found good a moment ago, by the hash of their whole text.
final class APIKeyCache: Sendable {
  private struct Entry {
    var identity: APIIdentity
    var goodUntil: ContinuousClock.Instant
  }

  private struct State {
    var entries: [SHA256Digest: Entry] = [:]
    var generation: UInt64 = 0
  }

  private let limit: Int
  private let lifetime: Duration
  private let state = Mutex(State())

  init(limit: Int, lifetime: Duration) {
    self.limit = limit
    self.lifetime = lifetime
  }

  /// Grows with every removal: what was read before one is not remembered after it.
  var generation: UInt64 { state.withLock { $0.generation } }

  func identity(_ fingerprint: SHA256Digest, at now: ContinuousClock.Instant) -> APIIdentity? {
    state.withLock { state in
      guard let entry = state.entries[fingerprint], entry.goodUntil > now else { return nil }
      return entry.identity
    }
  }

  /// - Parameter askedAt: When the database was asked; the lifetime runs from then.
  func insert(
    _ identity: APIIdentity, _ fingerprint: SHA256Digest, askedAt: ContinuousClock.Instant,
    generation: UInt64
  ) {
    state.withLock { state in
      guard state.generation == generation else { return }
      if state.entries.count >= limit {
        state.entries = state.entries.filter { $0.value.goodUntil > askedAt }
        if state.entries.count >= limit { state.entries = [:] }
      }
      state.entries[fingerprint] = Entry(identity: identity, goodUntil: askedAt + lifetime)
    }
  }

  func remove(_ keyID: String) {
    state.withLock { state in
      state.generation += 1
      state.entries = state.entries.filter { $0.value.identity.keyID != keyID }
    }
  }
}
