internal import PushCore

/// What OPPO's codes mean. Source: OPPO, "Push server API: return codes".
enum OPPOOutcome {
  static func kind(of code: Int64) -> OutcomeKind {
    switch code {
    case 0: .accepted
    case -1: .serverFault  // Service unavailable.
    case -2: .throttled  // Flow control.
    case 11: .sessionRefused  // The session's token is invalid or expired.
    case 29: .sessionRefused  // It is missing.
    // How the call was made, with which nothing can be sent until it is mended.
    case 12, 15, 17, 18, 20...25: .credentialRefused
    case 19: .credentialRefused  // The timestamp: this machine's clock is wrong.
    case 14: .credentialRefused  // The app key is none.
    case 16: .credentialRefused  // The signature is wrong, and so the secret.
    case 26: .credentialRefused  // The sender's address is on the black list.
    case 27: .credentialRefused  // Access denied.
    case 28: .credentialRefused  // The app is switched off.
    case 30: .credentialRefused  // The app may not call this.
    case 13, 55: .throttled  // The app calls too often.
    case 69: .throttled  // All together call too often.
    case 32: .accepted  // A repeat: this `app_message_id` was taken before.
    case 33, 42: .quotaUsedUp  // The day's pushes; the day's saved messages.
    case 40: .messageRefused  // Something is missing.
    case 41: .messageRefused  // An argument is illegal.
    case 51: .messageRefused  // The picture.
    case 54: .messageRefused  // The template.
    case 67: .messageRefused  // Category or notify_level.
    case 10000: .tokenDead  // The token has no token's form.
    default: .messageRefused  // Business codes, of which none is about the token.
    }
  }

  /// The verdict of an answer that is about all of a request; nil where it was taken.
  static func whole(_ answer: HTTPAnswer, at now: Timestamp) -> Verdict? {
    guard let json = answer.json, let code = code(json["code"]) else {
      return .unreadable(answer, at: now)
    }
    if code == 0 { return answer.status < 300 ? nil : .unreadable(answer, at: now) }
    return verdict(code, answer, at: now)
  }

  static func verdict(_ code: Int64, _ answer: HTTPAnswer, at now: Timestamp) -> Verdict {
    var verdict = Verdict(
      kind(of: code), status: answer.status, reason: String(code),
      retryAfter: answer.retryAfter(at: now))
    if verdict.kind == .quotaUsedUp {
      verdict.retryAfter = ChinaDay.untilMidnightInChina(at: now)
    }
    return verdict
  }

  /// What became of one push that went alone.
  static func single(_ answer: HTTPAnswer, at now: Timestamp) -> Verdict {
    if let verdict = whole(answer, at: now) { return verdict }
    var verdict = Verdict(.accepted, status: answer.status)
    verdict.messageID = answer.json?["data"]?["messageId"]?.string
    return verdict
  }

  /// What became of each push of several: every one has a row of its own.
  static func each(
    _ pushes: [PreparedPush], _ answer: HTTPAnswer, at now: Timestamp
  ) -> BatchSplit.Answer {
    if let verdict = whole(answer, at: now) { return .whole(verdict) }
    var rows: [String: JSON] = [:]
    for row in answer.json?["data"]?.array ?? [] {
      if let token = row["registrationId"]?.string { rows[token] = row }
    }
    return .each(
      pushes.map { push in
        guard let row = rows[push.token], let code = code(row["errorCode"] ?? 0) else {
          return Verdict(.unknown, status: answer.status, reason: "answer_unreadable")
        }
        var verdict = verdict(code, answer, at: now)
        verdict.messageID = row["messageId"]?.string
        return verdict
      })
  }

  /// Whether a refused request of several may have been refused for one of them: their contents
  /// differ.
  static func concernsOne(_ verdict: Verdict) -> Bool {
    switch verdict.kind {
    case .tokenDead, .messageRefused: true
    case .accepted: true  // A repeat among others, for which all were refused.
    default: false
    }
  }

  /// Codes come as numbers or as texts.
  static func code(_ value: JSON?) -> Int64? {
    value?.integer ?? value?.string.flatMap { Int64($0) }
  }
}
