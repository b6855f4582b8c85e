import PushCore
import Synchronization

/// Wall time that only a test moves.
final class ManualClock: Sendable {
  private let time: Mutex<Timestamp>

  init(_ start: Timestamp = Timestamp(microseconds: 1_800_000_000_000_000)) { time = Mutex(start) }

  var now: Timestamp { time.withLock { $0 } }

  func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
