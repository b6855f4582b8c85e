import Crypto
import PushCore
import Testing

@testable import Ledger

@Suite struct RememberAPIKeys {
  private static let start = ContinuousClock.now

  @Test func remembersAKeyForItsLifetime() {
    let cache = APIKeyCache(limit: 10, lifetime: .seconds(5))
    add("a", to: cache)
    #expect(find("a", in: cache, after: .zero)?.keyID == "a")
    #expect(find("a", in: cache, after: .milliseconds(4_999)) != nil)
    #expect(find("a", in: cache, after: .seconds(5)) == nil)
    #expect(find("b", in: cache, after: .zero) == nil)
  }

  @Test func forgetsARemovedKeyAlone() {
    let cache = APIKeyCache(limit: 10, lifetime: .seconds(5))
    add("a", to: cache)
    add("b", to: cache)
    cache.remove("a")
    #expect(find("a", in: cache, after: .zero) == nil)
    #expect(find("b", in: cache, after: .zero) != nil)
  }

  /// What was read before a revocation must not be remembered after it.
  @Test func remembersNothingReadBeforeARemoval() {
    let cache = APIKeyCache(limit: 10, lifetime: .seconds(5))
    let generation = cache.generation
    cache.remove("a")
    add("a", to: cache, generation: generation)
    #expect(find("a", in: cache, after: .zero) == nil)
    add("a", to: cache)
    #expect(find("a", in: cache, after: .zero) != nil)
  }

  @Test func isBounded() {
    let cache = APIKeyCache(limit: 3, lifetime: .seconds(5))
    for name in 0..<100 {
      add("\(name)", to: cache)
      #expect(find("\(name)", in: cache, after: .zero) != nil)
    }
    let kept = (0..<100).count { find("\($0)", in: cache, after: .zero) != nil }
    #expect(kept <= 3)
  }

  @Test func makesRoomByWhatIsOver() {
    let cache = APIKeyCache(limit: 2, lifetime: .seconds(5))
    add("old", to: cache)
    add("recent", to: cache, after: .seconds(3))
    add("new", to: cache, after: .seconds(6))
    #expect(find("recent", in: cache, after: .seconds(6)) != nil)
    #expect(find("new", in: cache, after: .seconds(6)) != nil)
  }

  private func add(
    _ name: String, to cache: APIKeyCache, after time: Duration = .zero,
    generation: UInt64? = nil
  ) {
    let identity = APIIdentity(app: LedgerRig.app, scopes: [.read], keyID: name)
    cache.insert(
      identity, fingerprint(name), askedAt: Self.start + time,
      generation: generation ?? cache.generation)
  }

  private func find(
    _ name: String, in cache: APIKeyCache, after time: Duration
  ) -> APIIdentity? {
    cache.identity(fingerprint(name), at: Self.start + time)
  }

  private func fingerprint(_ name: String) -> SHA256Digest { SHA256.hash(data: Array(name.utf8)) }
}
