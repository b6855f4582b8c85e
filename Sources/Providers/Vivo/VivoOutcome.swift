internal import PushCore

/// What vivo's codes mean. Source: vivo, "Push unified API", document 362, with notes of those who
/// call it.
enum VivoOutcome: Equatable, Sendable {
  case means(OutcomeKind)
  /// No more of this classification and category until midnight.
  case volumeUsedUp
  /// No more of this classification and category until the morning.
  case nightRest
  /// No more calls with many recipients until midnight.
  case listsUsedUp

  /// - Parameter code: `result`.
  /// - Returns: Nil for a code that is not in the table.
  static func of(_ code: Int64) -> VivoOutcome? {
    switch code {
    case 10070: .volumeUsedUp  // The day's operation messages.
    case 10073: .volumeUsedUp  // The day's system messages.
    case 10071: .nightRest  // Operation messages go from 7:00 to 23:00.
    case 10252, 10254: .listsUsedUp  // The day's list payloads; the day's calls to many.
    default: kind(of: code).map { .means($0) }
    }
  }

  private static func kind(of code: Int64) -> OutcomeKind? {
    switch code {
    case 0: .accepted
    case 10000: .sessionRefused  // The session's token is unknown or expired.
    case 10094: .credentialRefused  // The session's token is another app's.
    case 10200...10207: .credentialRefused  // What is asked for a token with: ids, sign, clock.
    case 10043: .credentialRefused  // The app's push is switched off.
    case 10045: .credentialRefused  // The app waits for vivo's review.
    case 10072: .throttled  // Messages a second.
    case 10093: .throttled  // Tokens are asked for too often.
    case 10302: .tokenDead  // The regId is none.
    case 10311: .tokenMuted  // The phone can't be pushed to: switched off, long not used.
    case 10050, 10051: .messageRefused  // Recipient: none, or too many ways to name it.
    case 10054...10060: .messageRefused  // A field is empty or not as it must be.
    case 10065, 10067, 10082, 10095, 10096: .messageRefused  // The same.
    case 10097: .messageRefused  // The category is of the other classification.
    case 10085, 10104: .messageRefused  // It looks like the text of a test.
    case 10101, 10103: .messageRefused  // Audit; words that are not allowed.
    case 10150...10155: .messageRefused  // Fields of a list.
    case 10304, 10305, 10306, 10800, 10801: .messageRefused  // Unverified.
    // The requestId; one that vivo knows may have rung before, and is not sent again.
    case 10352, 10353: .messageRefused
    default: nil
    }
  }

  /// `status` of a recipient in `invalidUser` or `invalidUsers`: the call went well, but not for it.
  static func ofRecipient(_ status: Int64?) -> OutcomeKind {
    switch status {
    case 1: .tokenDead  // Unknown.
    case 2: .tokenDead  // The app is gone, or unsubscribed.
    case 4: .messageRefused  // The phone is not on the console's test list.
    default: .messageRefused
    }
  }
}
