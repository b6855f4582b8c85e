internal import Crypto
internal import PushCore

/// The call that every push's token comes from.
enum VivoSession {
  static let path = "/message/auth"
  static let lifetime = Duration.seconds(24 * 3600)

  static func open(
    _ scope: ChannelScope<VivoCredential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    let credential = scope.credential
    let milliseconds = scope.now.microseconds / 1_000
    let body: JSON = [
      "appId": .integer(credential.appID), "appKey": .string(credential.appKey),
      "timestamp": .integer(milliseconds), "sign": .string(sign(credential, milliseconds)),
    ]
    switch await scope.call(.json(credential.origin + path, body)) {
    case .failure(let failure):
      // Whether it arrived or not, no phone rang.
      return .failure(.init(verdict: Verdict(.notTaken, reason: failure.reason)))
    case .success(let answer):
      guard let read = VivoAnswer(answer) else {
        var verdict = Verdict.unreadable(answer, at: scope.now)
        if verdict.kind == .unknown { verdict.kind = .serverFault }
        if verdict.kind == .messageRefused { verdict.kind = .credentialRefused }
        return .failure(.init(verdict: verdict))
      }
      if read.code == 0, let token = read.json["authToken"]?.string, !token.isEmpty {
        return .success(
          SessionToken(text: SecretText(token), expiresAt: scope.now + lifetime))
      }
      return .failure(.init(verdict: refusal(read, answer.retryAfter(at: scope.now))))
    }
  }

  /// MD5 of ids, time and secret one behind the other, in lower-case hexadecimal.
  static func sign(_ credential: VivoCredential, _ milliseconds: Int64) -> String {
    let text =
      "\(credential.appID)\(credential.appKey)\(milliseconds)" + credential.appSecret.reveal()
    return Hex.encode(Insecure.MD5.hash(data: Array(text.utf8)))
  }

  /// There is no message yet that could be at fault.
  private static func refusal(_ answer: VivoAnswer, _ retryAfter: Duration?) -> Verdict {
    let kind: OutcomeKind =
      switch VivoOutcome.of(answer.code) {
      case .means(.throttled): .throttled
      case .means(.accepted): .serverFault  // Well, but without a token.
      default: .credentialRefused
      }
    return Verdict(
      kind, status: answer.status, reason: String(answer.code), retryAfter: retryAfter)
  }
}
