internal import PushCore

internal import struct Foundation.UUID

extension APNsProvider {
  /// A push to a token that belongs to no device: Apple looks at key, team and topic first, and
  /// only then at the token.
  public func prove(
    _ credential: ProviderCredential, deadline: Duration
  ) async -> CredentialProof {
    guard let topic = credential.topics.first else {
      return .cannotTell("the credential names no topic, and without one nothing can be sent")
    }
    let request = PushRequest(
      app: credential.app, deliveryID: UUID(), attempt: 1,
      token: String(repeating: "0", count: 64), topic: topic,
      environment: credential.environment ?? .production,
      notification: Notification(text: "", threadID: ""), expiresAt: now() + deadline)
    let result = await send(request, with: credential, deadline: deadline)
    switch (result.outcome, result.blame) {
    case (.rejected, _), (.tokenInvalid, _), (.accepted, _): return .works
    case (_, .credential): return .refused(result.reason ?? result.outcome.rawValue)
    default: return .unreachable(result.reason ?? result.outcome.rawValue)
    }
  }
}
