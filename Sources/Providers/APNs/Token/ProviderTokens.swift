internal import PushCore
private import Synchronization

/// A provider token as it goes into the header `authorization`.
struct ProviderToken: Sendable {
  /// `bearer <JWT>`: for the wire only.
  let authorization: SecretText
  /// Rises with every token of its key.
  let generation: Int
}

/// The provider tokens of one key, team and environment, shared by all connections that use them.
final class ProviderTokens: Sendable {
  private struct State {
    var schedule = TokenSchedule()
    var token: ProviderToken?
    var minted: Int64 = 0
  }

  private let key: SigningKey
  private let state = Mutex(State())

  init(key: SigningKey) { self.key = key }

  /// The token to send now, made anew where it is due.
  func token(at now: Timestamp) throws(FieldError) -> ProviderToken {
    try state.withLock { state throws(FieldError) in
      if let token = state.token, !state.schedule.mustMint(at: now) { return token }
      let token = ProviderToken(
        authorization: SecretText("bearer " + (try key.mint(issuedAt: now.seconds))),
        generation: (state.token?.generation ?? 0) + 1)
      state.token = token
      state.schedule.minted(at: now)
      state.minted += 1
      return token
    }
  }

  /// Tells that Apple took the token of a generation for expired.
  /// - Returns: How long until another one can be had; zero: at once.
  func refused(generation: Int, at now: Timestamp) -> Duration {
    state.withLock { state in
      guard let token = state.token, token.generation == generation else { return .zero }
      return state.schedule.refused(at: now)
    }
  }

  func tooManyUpdates(at now: Timestamp) {
    state.withLock { $0.schedule.tooManyUpdates(at: now) }
  }

  var minted: Int64 { state.withLock { $0.minted } }
}

/// Hands out the tokens of every key in use, one for each key, team and environment, whichever
/// credential asks.
final class ProviderTokenVault: Sendable {
  private struct Key: Hashable {
    var fingerprint: [UInt8]
    var teamID: String
    var keyID: String
    var environment: PushEnvironment
  }

  /// Keys in use at once; beyond it the vault starts anew, which costs one token a key.
  private static let limit = 4_096

  private let tokens = Mutex<[Key: ProviderTokens]>([:])

  func tokens(of key: SigningKey, environment: PushEnvironment) -> ProviderTokens {
    tokens.withLock { known in
      let name = Key(
        fingerprint: key.fingerprint, teamID: key.teamID, keyID: key.keyID,
        environment: environment)
      if let tokens = known[name] { return tokens }
      if known.count >= Self.limit { known.removeAll() }
      let made = ProviderTokens(key: key)
      known[name] = made
      return made
    }
  }
}
