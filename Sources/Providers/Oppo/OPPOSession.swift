internal import PushCore

/// Asks OPPO for the token that every push is sent with.
enum OPPOSession {
  static let lifetime = Duration.seconds(24 * 3600)

  static func open(
    _ scope: ChannelScope<OPPOCredential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    let credential = scope.credential
    let milliseconds = String(scope.now.microseconds / 1_000)
    let call = HTTPCall.form(
      credential.origin(credential.home) + "/server/v1/auth",
      [
        ("app_key", credential.appKey), ("timestamp", milliseconds),
        ("sign", credential.signature(milliseconds: milliseconds)),
      ])
    switch await scope.call(call) {
    case .success(let answer): return read(answer, at: scope.now)
    case .failure(let failure):
      // Whatever became of the call: no push was in it.
      return .failure(.init(verdict: Verdict(.notTaken, reason: failure.reason)))
    }
  }

  private static func read(
    _ answer: HTTPAnswer, at now: Timestamp
  ) -> Result<SessionToken, SessionTokens.Refusal> {
    if var verdict = OPPOOutcome.whole(answer, at: now) {
      switch verdict.kind {
      case .unknown: verdict.kind = .serverFault
      // A code about tokens and messages has no meaning here, and must not end a push.
      case .messageRefused, .tokenDead, .accepted, .sessionRefused:
        verdict.kind = .credentialRefused
      default: break
      }
      return .failure(.init(verdict: verdict))
    }
    guard let text = answer.json?["data"]?["auth_token"]?.string, !text.isEmpty else {
      return .failure(
        .init(
          verdict: Verdict(.serverFault, status: answer.status, reason: "answer_unreadable")))
    }
    return .success(SessionToken(text: SecretText(text), expiresAt: now + lifetime))
  }
}
