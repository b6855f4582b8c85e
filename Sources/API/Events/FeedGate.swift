import Synchronization

/// Counts the feeds that are being written, and ends them when the server stops.
final class FeedGate: Sendable {
  private struct State {
    var open = 0
    var stopping = false
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int = APILimits.feeds) { self.limit = limit }

  /// - Returns: False when there are too many, or the server stops.
  func enter() -> Bool {
    state.withLock { state in
      guard state.open < limit, !state.stopping else { return false }
      state.open += 1
      return true
    }
  }

  func leave() { state.withLock { $0.open -= 1 } }

  func stop() { state.withLock { $0.stopping = true } }

  var isStopping: Bool { state.withLock { $0.stopping } }

  var open: Int { state.withLock { $0.open } }
}
