import PushCore
import TestSupport

@testable import PushDispatch

/// What goes wrong on the way to the database and back.
struct Faults {
  enum Fate {
    case works
    /// Nothing was done.
    case failsBefore
    /// It was done, but nobody is told.
    case failsAfter
    /// It is done after the caller was told that it failed.
    case lingers
    /// The database won't take it.
    case isRefused
  }

  /// Percent of calls that fail, in one way or another.
  var failures = 0
  /// Everything fails.
  var isOut = false
  /// Percent of calls that take up to two seconds.
  var slowCalls = 0
  /// The longest way to the database or back, in milliseconds, of a call that is not slow.
  var longestWay = 1
  /// Percent of notifications that get lost.
  var lostNotifications = 0
  /// What the database refuses to record.
  var refuses: (FinishedAttempt) -> Bool = { _ in false }

  static let slowest = Duration.seconds(2)

  func latency(_ random: inout SeededRandom) -> Duration {
    let longest = random.chance(slowCalls) ? 1_000 : longestWay
    return .milliseconds(Int.random(in: 1...max(1, longest), using: &random))
  }

  /// From the decision to send to the provider's call.
  func leaving(_ random: inout SeededRandom) -> Duration {
    longestWay > 1 ? .milliseconds(Int.random(in: 0...3, using: &random)) : .zero
  }

  func fate(of command: BoardCommand, _ random: inout SeededRandom) -> Fate {
    if case .record(_, let attempts) = command, attempts.contains(where: refuses) {
      return .isRefused
    }
    if isOut { return .failsBefore }
    guard random.chance(failures) else { return .works }
    return random.pick([.failsBefore, .failsAfter, .lingers])
  }
}
