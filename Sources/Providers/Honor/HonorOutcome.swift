internal import PushCore

/// What Honor's codes mean. Source: Honor, "Downlink message", editions of 2024 to 2026, and
/// third-hand tables for what is marked.
enum HonorOutcome {
  /// Taken, but for the tokens that are listed.
  static let success = "200"
  static let partly = "80100000"

  static let table: [String: OutcomeKind] = [
    "80300007": .tokenDead,  // All tokens.

    "401": .sessionRefused,  // The session's token is unknown or expired.
    "403": .sessionRefused,  // The same; said twice, it is the credential.
    "404": .credentialRefused,  // The path holds the app's id.
    "10205": .credentialRefused,  // The app's id. Unverified.
    "80200020": .credentialRefused,  // The receipt's settings do not fit. Unverified.
    "10001": .credentialRefused,  // No time in the header: this machine's clock. Unverified.
    "10207": .credentialRefused,  // The time is out of range: this machine's clock. Unverified.

    "503": .throttled,  // Too many a second.
    "500": .serverFault,
    "502": .serverFault,

    "400": .messageRefused,  // Parameters.
    "80100003": .messageRefused,  // The structure is wrong. Unverified.
    "80300006": .messageRefused,  // A token stands twice. Unverified.
    "80300008": .messageRefused,  // More than 4,096 bytes.
    "80300010": .messageRefused,  // More than 1,000 tokens.
    "80200022": .messageRefused,  // No right to messages of this type. Unverified.
    "80200047": .messageRefused,  // More tests than the day has. Unverified.
    "80200050": .messageRefused,  // No image in marketing. Unverified.
    "80200056": .messageRefused,  // Sensitive content. Unverified.
    "10300": .messageRefused,  // The token is empty. Unverified.
  ]

  /// - Returns: One for each token, in their order.
  static func verdicts(
    _ answer: HTTPAnswer, on tokens: [String], at now: Timestamp
  ) -> [Verdict] {
    func all(_ verdict: Verdict) -> [Verdict] { .init(repeating: verdict, count: tokens.count) }
    guard let json = answer.json, let code = VendorCode.text(json["code"]) else {
      var verdict = Verdict.unreadable(answer, at: now)
      if let kind = kind(ofStatus: answer.status) { verdict.kind = kind }
      return all(verdict)
    }
    if answer.status == 200, code == success || code == partly {
      return listed(json["data"], code, on: tokens)
    }
    let kind = answer.status == 503 ? .throttled : table[code] ?? kind(ofStatus: answer.status)
    return all(
      Verdict(
        kind ?? .messageRefused, status: answer.status, reason: code,
        retryAfter: answer.retryAfter(at: now)))
  }

  /// `{"sendResult":true,"requestId":"…","failTokens":[],"expireTokens":[]}`
  private static func listed(_ data: JSON?, _ code: String, on tokens: [String]) -> [Verdict] {
    let messageID = data?["requestId"]?.string
    let expired = data?["expireTokens"]?.array.map { Set($0.compactMap(\.string)) }
    let failed = data?["failTokens"]?.array.map { Set($0.compactMap(\.string)) }
    // "Partly" without saying which, or not sent without saying why.
    let isKnown =
      data?["sendResult"]?.bool != false && (code == success || expired != nil || failed != nil)
    return tokens.map { token in
      if expired?.contains(token) ?? false {
        return Verdict(.tokenDead, status: 200, reason: "expire_token")
      }
      // Why these failed is not said: the push is over, the token stays.
      if failed?.contains(token) ?? false {
        return Verdict(.tokenMuted, status: 200, reason: "fail_token")
      }
      return isKnown
        ? Verdict(.accepted, status: 200, reason: code, messageID: messageID)
        : Verdict(.unknown, status: 200, reason: "answer_unreadable")
    }
  }

  /// What the HTTP status says where the code says nothing: the code of the same number.
  private static func kind(ofStatus status: Int) -> OutcomeKind? {
    table[String(status)] ?? (status >= 500 ? .serverFault : nil)
  }
}
