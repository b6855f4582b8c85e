import Crypto
import PushCore
import Synchronization

/// The keys that provider tokens may be signed with, and the tokens that were found good.
final class ProviderKeys: Sendable {
  private struct KeyName: Hashable {
    var teamID: String
    var keyID: String
  }

  private struct State {
    var keys: [KeyName: (key: APNsSimulatorKey, publicKey: P256.Signing.PublicKey)] = [:]
    var verified: [String: ProviderToken] = [:]
  }

  private let state = Mutex(State())
  private let changes = Atomic<Int>(0)
  private let environment: PushEnvironment

  /// Tokens live for an hour: more than so many at once are somebody's mistake.
  private static let rememberedTokens = 1_000

  init(_ keys: [APNsSimulatorKey], environment: PushEnvironment) throws(APNsSimulatorError) {
    self.environment = environment
    for key in keys { try register(key) }
  }

  /// Moves whenever a key was added, replaced or removed: what was verified before must be
  /// verified again.
  var generation: Int { changes.load(ordering: .acquiring) }

  func register(_ key: APNsSimulatorKey) throws(APNsSimulatorError) {
    guard let publicKey = try? P256.Signing.PublicKey(pemRepresentation: key.publicKeyPEM) else {
      throw APNsSimulatorError.badKey(keyID: key.keyID)
    }
    change { $0.keys[KeyName(teamID: key.teamID, keyID: key.keyID)] = (key, publicKey) }
  }

  func remove(teamID: String, keyID: String) {
    change { $0.keys[KeyName(teamID: teamID, keyID: keyID)] = nil }
  }

  private func change(_ change: (inout State) -> Void) {
    state.withLock { state in
      change(&state)
      state.verified.removeAll()
      changes.add(1, ordering: .releasing)
    }
  }

  /// Looks at form, key, signature and environment; each distinct token is verified once.
  func verify(_ text: Substring) throws(PushRefusal) -> ProviderToken {
    let whole = String(text)
    if let known = state.withLock({ $0.verified[whole] }) { return known }
    guard let token = UnverifiedProviderToken(text) else {
      throw PushRefusal(.invalidProviderToken)
    }
    let name = KeyName(teamID: token.teamID, keyID: token.keyID)
    guard let (key, publicKey) = state.withLock({ $0.keys[name] }),
      token.isSigned(by: publicKey)
    else { throw PushRefusal(.invalidProviderToken) }
    guard key.environment == nil || key.environment == environment else {
      throw PushRefusal(.badEnvironmentKeyIDInToken)
    }
    let verified = ProviderToken(key: key, issuedAt: token.issuedAt)
    state.withLock { state in
      if state.verified.count >= Self.rememberedTokens { state.verified.removeAll() }
      if state.keys[name]?.key == key { state.verified[whole] = verified }
    }
    return verified
  }
}
