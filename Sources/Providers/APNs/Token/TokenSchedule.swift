internal import PushCore

/// When a provider token is made anew: never within 20 minutes of the last, which Apple refuses as
/// too often, and never so late that one older than 60 minutes is sent, which it refuses as too
/// old. Decided by the token's age, so that a token made late is also replaced late.
///
/// ```
/// age   0 ──────── 20 ─────────────── 45 ─────────── 55 ───── 60 min
///       keep       keep; anew if      anew, unless    anew     refused
///                  it was refused     put off
/// ```
struct TokenSchedule: Equatable {
  /// A refused token is replaced from this age on.
  static let earliest = Duration.seconds(20 * 60)
  static let usual = Duration.seconds(45 * 60)
  /// From this age on nothing puts it off.
  static let latest = Duration.seconds(55 * 60)

  private var mintedAt: Timestamp?
  private var isRefused = false
  private var putOffUntil: Timestamp?

  /// Whether a new token is due; nil for the time of the last means that there is none.
  func mustMint(at now: Timestamp) -> Bool {
    guard let age = age(at: now) else { return true }
    if age >= Self.latest { return true }
    if isRefused, age >= Self.earliest { return true }
    guard age >= Self.usual else { return false }
    return putOffUntil.map { now >= $0 } ?? true
  }

  mutating func minted(at now: Timestamp) {
    mintedAt = now
    isRefused = false
    putOffUntil = nil
  }

  /// The last token was refused as expired.
  /// - Returns: How long until a new one may be made; zero: at once.
  mutating func refused(at now: Timestamp) -> Duration {
    isRefused = true
    guard let age = age(at: now), age < Self.earliest else { return .zero }
    return Self.earliest - age
  }

  /// Apple says that tokens change too often: the last one is kept as long as it can be.
  mutating func tooManyUpdates(at now: Timestamp) {
    isRefused = false
    putOffUntil = now + Self.earliest
  }

  /// A clock that was set back makes a token of the future, as useless as an old one.
  private func age(at now: Timestamp) -> Duration? {
    mintedAt.map { now >= $0 ? now - $0 : $0 - now }
  }
}
