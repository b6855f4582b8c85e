internal import PushCore

/// Asks for the session token that an id and a secret are worth: OAuth's `client_credentials`
/// (RFC 6749, 4.4), as Huawei and Honor have it.
struct ClientCredentialsSession {
  private static let usualSeconds: Int64 = 3_600
  private static let longestSeconds: Int64 = 86_400

  /// `https://…`, whole.
  var url: String
  var clientID: String
  var clientSecret: SecretText

  func open<Credential>(
    _ scope: ChannelScope<Credential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    let call = HTTPCall.form(
      url,
      [
        ("grant_type", "client_credentials"), ("client_id", clientID),
        ("client_secret", clientSecret.reveal()),
      ])
    switch await scope.call(call) {
    case .failure(let failure):
      // Whether it arrived or not, no phone rang.
      return refused(Verdict(.notTaken, reason: failure.reason))
    case .success(let answer):
      guard answer.status == 200 else { return refused(verdict(answer, at: scope.now)) }
      guard let token = token(answer, at: scope.now) else {
        return refused(Verdict(.serverFault, status: 200, reason: "session_unreadable"))
      }
      return .success(token)
    }
  }

  private func token(_ answer: HTTPAnswer, at now: Timestamp) -> SessionToken? {
    guard let json = answer.json, let text = json["access_token"]?.string, !text.isEmpty,
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    let seconds = VendorCode.number(json["expires_in"]) ?? Self.usualSeconds
    guard seconds > 0 else { return nil }
    return SessionToken(
      text: SecretText(text), expiresAt: now + .seconds(min(seconds, Self.longestSeconds)))
  }

  /// A 4xx is about id and secret: nothing else is sent here. 503 is how both vendors say "too fast".
  private func verdict(_ answer: HTTPAnswer, at now: Timestamp) -> Verdict {
    let error = VendorCode.text(answer.json?["error"])
    let kind: OutcomeKind =
      switch answer.status {
      case 429, 503: .throttled
      case 408, 425, 500...: .serverFault
      case 400..<500: .credentialRefused
      default: .serverFault
      }
    return Verdict(
      kind, status: answer.status, reason: error ?? "http_\(answer.status)",
      retryAfter: answer.retryAfter(at: now))
  }

  private func refused(_ verdict: Verdict) -> Result<SessionToken, SessionTokens.Refusal> {
    .failure(SessionTokens.Refusal(verdict: verdict))
  }
}
