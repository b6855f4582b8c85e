internal import PushCore

/// What Meizu's codes mean. Source: Meizu, "PushAPI" of 2017, whose host is still in use.
enum MeizuOutcome {
  /// Of `code`, which is about the whole request.
  ///
  /// - Returns: Nil for a code that is not in the table.
  static func ofRequest(_ code: Int64) -> OutcomeKind? {
    switch code {
    case 200: .accepted  // But for the recipients in `value`.
    case 500: .serverFault  // Server.
    case 1001: .serverFault  // System.
    case 1003: .serverFault  // Busy.
    case 1005: .messageRefused  // A parameter is wrong.
    case 1006: .credentialRefused  // The signature is wrong.
    case 110000: .credentialRefused  // The appId is none.
    case 110001: .credentialRefused  // The appKey is none.
    case 110009: .credentialRefused  // The app is on a black list.
    case 110004: .messageRefused  // A parameter is empty.
    case 110032: .messageRefused  // The task's id is none.
    case 110053: .messageRefused  // Too many messages past the notification bar.
    case 110010: .throttled  // Too fast.
    default: nil
    }
  }

  /// Of a recipient in `value`.
  ///
  /// - Returns: Nil for a code that is not in the table.
  static func ofRecipient(_ code: Int64) -> OutcomeKind? {
    switch code {
    case 110002: .tokenMuted  // Unsubscribed, or switched off: may be switched on again.
    case 110003: .tokenDead  // The pushId is none.
    case 110005: .messageRefused  // The alias is none.
    case 201: .messageRefused  // Refused.
    case 501: .messageRefused  // Failed.
    case 513: .messageRefused  // Failed.
    case 519: .throttled  // Too much for Meizu at this moment.
    case 520: .messageRefused  // Folded away: more than 5 in a minute on this phone.
    default: nil
    }
  }
}
