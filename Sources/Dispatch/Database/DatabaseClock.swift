import PushCore
import Synchronization

/// The database's time, kept between looks by this machine's steady clock: so leases, retries and
/// expiries mean the same to all dispatchers, whatever their own clocks show.
final class DatabaseClock: Sendable {
  /// A look that took longer says too little.
  private static let usableDelay = Duration.milliseconds(500)

  private struct Look {
    var shown: Timestamp
    var at: ContinuousClock.Instant
  }

  private let look = Mutex(Look(shown: Timestamp(microseconds: 0), at: .now))

  func now() -> Timestamp {
    let look = look.withLock { $0 }
    return look.shown + look.at.duration(to: .now)
  }

  /// Looks at the database's clock.
  ///
  /// - Parameter isFirst: However long it takes, it is better than nothing.
  func adjust(isFirst: Bool, _ read: () async throws -> Timestamp) async throws {
    let before = ContinuousClock.now
    let shown = try await read()
    let delay = before.duration(to: .now)
    guard isFirst || delay < Self.usableDelay else { return }
    look.withLock { $0 = Look(shown: shown, at: before + delay / 2) }
  }
}
