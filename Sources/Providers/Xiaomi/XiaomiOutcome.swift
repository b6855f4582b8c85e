internal import PushCore

/// What Xiaomi's codes mean. Source: Xiaomi, "Push server API: error codes" and its later notes.
enum XiaomiOutcome {
  /// Sends that Xiaomi calls failed for no named cause are tried so often.
  private static let tries = 3

  /// - Returns: Nil for a code that is not in the table.
  static func kind(of code: Int64) -> OutcomeKind? {
    switch code {
    case 0: .accepted
    case 10001: .serverFault  // System error.
    case 10002: .serverFault  // Service suspended.
    case 10003: .serverFault  // Error of a remote service.
    case 10009: .serverFault  // Service busy.
    case 20301: .serverFault  // Sending failed.
    case 26003: .serverFault  // An internal call failed.
    case 10004: .credentialRefused  // The sender's address may not.
    case 10005: .credentialRefused  // No permission.
    case 10013: .credentialRefused  // Unknown user.
    case 10014: .credentialRefused  // Black list.
    case 10026: .credentialRefused  // Forbidden.
    case 10031: .credentialRefused  // Forbidden for this app.
    case 10036: .credentialRefused  // Forbidden for this user.
    case 21301, 21302, 21303, 21305: .credentialRefused  // The secret is wrong.
    case 22000...22008: .credentialRefused  // App id, app key or package is none.
    case 22022: .credentialRefused  // The package is another app's.
    case 26006: .credentialRefused  // Waits for Xiaomi's audit.
    case 10022, 10023, 10024, 10028: .throttled  // Address or user too fast. Unverified.
    case 10027: .throttled  // API too fast.
    case 26004: .throttled  // Broadcasts too fast.
    case 200002: .throttled  // Requests a second.
    case 10034, 200001: .quotaUsedUp  // The day's number.
    case 66007: .tokenDead  // The token is none.
    case 10029, 65003: .tokenMuted  // Device not found; mostly it is not online.
    case 10008: .messageRefused  // A parameter is wrong.
    case 10012: .messageRefused  // The request is none.
    case 10016: .messageRefused  // A parameter is missing.
    case 10017: .messageRefused  // A parameter has a wrong value.
    case 10018: .messageRefused  // Too long.
    case 10037: .messageRefused  // A parameter is refused.
    case 10041: .messageRefused  // Expired.
    case 22100, 22102, 22103: .messageRefused  // Sending the notification failed.
    case 22101: .messageRefused  // Too many targets.
    case 27001: .messageRefused  // The channel is not registered.
    case 65009...65038: .messageRefused  // Topic, number of pairs, callback.
    default: nil
    }
  }

  /// A request none of whose targets is alive is answered with these words. Unverified: under which
  /// code; so it ends the delivery and leaves the token.
  private static let noTarget = "No valid targets!"

  static func verdict(on answer: HTTPAnswer, at now: Timestamp) -> Verdict {
    guard let json = answer.json, let code = code(json["code"]) else {
      return .unreadable(answer, at: now)
    }
    let known = kind(of: code)
    guard code == 0 || known != nil || answer.status < 300 else {
      return .unreadable(answer, at: now)
    }
    var verdict = Verdict(
      known ?? .messageRefused, status: answer.status, reason: String(code),
      retryAfter: answer.retryAfter(at: now))
    if code == 0 {
      guard json["result"]?.string == "ok" else { return .unreadable(answer, at: now) }
      verdict.messageID = json["data"]?["id"]?.string
    } else if known == nil || code == 20301, json["reason"]?.string == noTarget {
      verdict.kind = .tokenMuted
      verdict.reason = "no_valid_targets"
    } else if verdict.kind == .quotaUsedUp {
      verdict.retryAfter = ChinaDay.untilMidnightInChina(at: now)
    }
    return verdict
  }

  /// What an answer to a request means for one of its pushes.
  static func verdict(_ verdict: Verdict, on request: PushRequest) -> Verdict {
    var verdict = verdict
    if ["10001", "10003", "20301"].contains(verdict.reason), request.attempt >= tries {
      verdict.kind = .messageRefused
    }
    return verdict
  }

  /// Whether a refused request of several may have been refused for one of them.
  static func concernsOne(_ verdict: Verdict) -> Bool {
    switch verdict.kind {
    case .tokenDead: true
    case .tokenMuted: verdict.reason != "no_valid_targets"
    default: false
    }
  }

  /// Codes come as numbers or as texts.
  private static func code(_ value: JSON?) -> Int64? {
    value?.integer ?? value?.string.flatMap { Int64($0) }
  }
}
