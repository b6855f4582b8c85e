internal import PushCore

/// How a service account gets the token that its pushes carry.
/// Source: Google, "Using OAuth 2.0 for Server to Server Applications".
enum FCMSession {
  private static let grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  /// Where an answer names no end.
  private static let usualSeconds: Int64 = 3_600
  private static let longestSeconds: Int64 = 86_400
  /// Errors that pass by themselves, though they come with a 4xx.
  private static let passingErrors: Set<String> = [
    "internal_failure", "server_error", "temporarily_unavailable",
  ]

  static func open(
    _ scope: ChannelScope<FCMCredential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    let account = scope.credential.account
    guard let assertion = try? await account.assertion(at: scope.now) else {
      return refused(Verdict(.credentialRefused, reason: "key_does_not_sign"))
    }
    let call = HTTPCall.form(
      scope.credential.tokenURL, [("grant_type", grantType), ("assertion", assertion)])
    switch await scope.call(call) {
    // Whatever became of this call: no push was sent.
    case .failure(let failure): return refused(Verdict(.serverFault, reason: failure.reason))
    case .success(let answer):
      guard answer.status == 200 else { return refused(verdict(answer, at: scope.now)) }
      guard let token = token(answer, at: scope.now) else {
        return refused(Verdict(.serverFault, status: 200, reason: "session_unreadable"))
      }
      return .success(token)
    }
  }

  private static func token(_ answer: HTTPAnswer, at now: Timestamp) -> SessionToken? {
    guard let json = answer.json, let text = json["access_token"]?.string, !text.isEmpty,
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    let seconds = json["expires_in"]?.integer ?? usualSeconds
    guard seconds > 0 else { return nil }
    return SessionToken(
      text: SecretText(text), expiresAt: now + .seconds(min(seconds, longestSeconds)))
  }

  /// A 4xx is about the account: its key, its clock, its rights.
  private static func verdict(_ answer: HTTPAnswer, at now: Timestamp) -> Verdict {
    let error = answer.json?["error"]?.string.flatMap { FieldError.shownName($0) }
    let kind: OutcomeKind =
      switch answer.status {
      case 429: .throttled
      case 408, 425, 500...: .serverFault
      case 400..<500:
        error.map(passingErrors.contains) ?? false ? .serverFault : .credentialRefused
      default: .serverFault
      }
    return Verdict(
      kind, status: answer.status, reason: error ?? "http_\(answer.status)",
      retryAfter: answer.retryAfter(at: now))
  }

  private static func refused(
    _ verdict: Verdict
  ) -> Result<SessionToken, SessionTokens.Refusal> {
    .failure(SessionTokens.Refusal(verdict: verdict))
  }
}
