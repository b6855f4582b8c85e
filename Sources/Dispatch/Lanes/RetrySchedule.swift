import PushCore

/// When a delivery is tried again: twice as long after each attempt, spread by chance.
///
/// There is no last attempt: a delivery is tried until it is accepted, refused or called off, or
/// expires.
public struct RetrySchedule: Sendable, Equatable {
  public var first = Duration.seconds(1)
  public var longest = Duration.seconds(15 * 60)

  public init() {}

  /// The wait after an attempt that ended with ``AttemptOutcome/retry`` or `unknown`.
  ///
  /// - Parameters:
  ///   - attempt: The attempt's number, from 1.
  ///   - asked: What the provider asked for or its rules demand: never cut, and spread by a tenth
  ///     upwards, for many may have been told the same.
  ///   - chance: In 0..<1.
  public func delay(after attempt: Int, asked: Duration?, chance: Double) -> Duration {
    let doublings = min(max(attempt - 1, 0), 20)
    let own = min(first * (1 << doublings), longest) * (0.5 + chance / 2)
    guard let asked, asked > .zero else { return own }
    return max(own, asked * (1 + chance / 10))
  }
}
