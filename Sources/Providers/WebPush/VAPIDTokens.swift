internal import PushCore
internal import Synchronization

/// The signed tokens of one key, one for each push service, kept for most of their life: Apple asks
/// for no more than a new one an hour.
final class VAPIDTokens: Sendable {
  /// A day is the most that services take (RFC 8292, 2); half of it forgives clocks.
  static let life = Duration.seconds(12 * 3_600)
  /// With less than this left a new one is made.
  static let leastLeft = Duration.seconds(3_600)
  private static let maxOrigins = 1_000

  private struct Token {
    var text: String
    var expiresAt: Timestamp
  }

  private let key: VAPIDKey
  private let subject: String
  private let tokens = Mutex<[String: Token]>([:])

  init(key: VAPIDKey, subject: String) {
    self.key = key
    self.subject = subject
  }

  /// - Parameter origin: Of the endpoint, such as `https://push.example`.
  func token(for origin: String, at now: Timestamp) throws(FieldError) -> String {
    if let token = tokens.withLock({ $0[origin] }),
      (Self.leastLeft...Self.life).contains(token.expiresAt - now)
    {
      return token.text
    }
    let expiresAt = now + Self.life
    let text = try key.mint(audience: origin, subject: subject, expiresAt: expiresAt)
    tokens.withLock { tokens in
      if tokens.count >= Self.maxOrigins, tokens[origin] == nil { tokens = [:] }
      tokens[origin] = Token(text: text, expiresAt: expiresAt)
    }
    return text
  }
}
