internal import PushCore

/// How fast a credential sends: up to the provider's limit, and from a quiet start on only slowly
/// more, where the provider asks for that.
struct Pace: Sendable {
  struct Limits: Equatable, Sendable {
    /// Requests a second; nil: no limit.
    var perSecond: Double?
    /// How long it takes from a start to the full speed.
    var ramp = Duration.zero
    /// Of the limit so much may go at once at a start.
    static let startShare = 0.1
    /// After so long without a push the next one is a start.
    static let quiet = Duration.seconds(60)

    static let unlimited = Limits(perSecond: nil)
  }

  private let limits: Limits
  private var startedAt: Timestamp?
  private var lastAt: Timestamp?
  /// When the next request may leave.
  private var next = Timestamp(microseconds: 0)

  init(_ limits: Limits) { self.limits = limits }

  /// Takes the next place.
  ///
  /// - Returns: How long to wait for it.
  mutating func take(at now: Timestamp) -> Duration {
    guard let perSecond = limits.perSecond, perSecond > 0 else { return .zero }
    if lastAt.map({ now > $0 + Limits.quiet }) ?? true { startedAt = now }
    lastAt = now
    // What was not used in the last tenth of a second may follow at once.
    next = max(next, now - .milliseconds(100))
    let place = next
    next = place + .microseconds(Int64(1_000_000 / speed(perSecond, at: place)))
    return max(place - now, .zero)
  }

  private func speed(_ full: Double, at time: Timestamp) -> Double {
    guard limits.ramp > .zero, let startedAt else { return full }
    let share = max(0, (time - startedAt) / limits.ramp)
    return full * min(1, Limits.startShare + (1 - Limits.startShare) * share)
  }
}
