internal import PushCore

/// What push services' answers mean. Sources: RFC 8030; RFC 8292, 4.2; Mozilla, "Autopush HTTP
/// Endpoints"; Apple, "Sending web push notifications in web apps and browsers"; Microsoft, "Push
/// notification service request and response headers".
enum WebPushOutcome {
  private static let codeBytes = 128

  static func verdict(_ answer: HTTPAnswer, at now: Timestamp) -> Verdict {
    let word = word(of: answer)
    let kind = kind(answer.status, word)
    return Verdict(
      kind, status: answer.status,
      reason: kind == .accepted ? nil : word ?? "http_\(answer.status)",
      messageID: kind == .accepted ? messageID(of: answer) : nil,
      retryAfter: answer.retryAfter(at: now))
  }

  /// A service's own word first, where it says more than the status.
  private static func kind(_ status: Int, _ word: String?) -> OutcomeKind {
    switch word {
    // Apple, 400 or 403: the key, or the token that it signed.
    case "BadAuthorizationHeader", "BadVapidPublicKey", "BadJwtToken": .recipientRefused
    // Apple: the subscription was made under another key.
    case "VapidPkHashMismatch": .recipientRefused
    // Apple closed a connection that nothing was sent on for long.
    case "IdleTimeout", "Shutdown": .serverFault
    // Microsoft: the browser wants no more, or this one's channel had too many. Unverified.
    case "dropped" where status < 300: .tokenMuted
    case "channelthrottled" where status < 300: .recipientThrottled
    default: kind(status)
    }
  }

  private static func kind(_ status: Int) -> OutcomeKind {
    switch status {
    case 200..<300: .accepted  // 201; some say 200, or 202.
    case 400: .messageRefused  // A header, or how it is encrypted.
    case 401, 403: .recipientRefused  // No VAPID, a bad one, or another key than subscribed with.
    case 404: .tokenDead  // Never was one, or expired; Google: also unused for 270 days.
    case 406: .recipientThrottled  // Microsoft's 429.
    case 408, 425: .serverFault
    case 410: .tokenDead  // Unsubscribed, or expired.
    case 413: .messageRefused  // Too large, though no larger than RFC 8030 wants it taken.
    case 429: .recipientThrottled
    case 502, 504: .unknown  // What stands behind may have taken it.
    case 500...: .serverFault
    default: .messageRefused
    }
  }

  /// Where an endpoint moved to; nil where it did not, or names no place that can be called.
  static func target(of answer: HTTPAnswer, from address: WebAddress) -> WebAddress? {
    switch answer.status {
    case 301, 307, 308: answer.header("location").flatMap(address.following)
    default: nil
    }
  }

  /// Mozilla's `errno`, Apple's `reason`, Microsoft's `x-wns-status`: codes, and never a text.
  private static func word(of answer: HTTPAnswer) -> String? {
    if let status = answer.header("x-wns-status"), status != "received" {
      return FieldError.shownName(status)
    }
    guard answer.status >= 300, let json = answer.json else { return nil }
    if let number = json["errno"]?.integer { return "errno_\(number)" }
    return json["reason"]?.string.flatMap { FieldError.shownName($0) }
  }

  /// Apple's `apns-id`, else the end of `location`, which names the message at the others.
  private static func messageID(of answer: HTTPAnswer) -> String? {
    let id =
      answer.header("apns-id")
      ?? answer.header("location")?.split(separator: "/").last.map(String.init)
    return id.flatMap {
      !$0.isEmpty && $0.utf8.count <= codeBytes && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        ? $0 : nil
    }
  }
}
