import PushCore
import Synchronization

/// A clock that a test moves.
final class ManualTime: Sendable {
  private let time = Mutex(Timestamp(microseconds: 1_800_000_000_000_000))

  var now: Timestamp { time.withLock { $0 } }

  func move(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
