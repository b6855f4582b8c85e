import Synchronization

/// A number that only grows, and who waits until it is reached.
final class Tally: Sendable {
  private struct State {
    var value = 0
    var waiters: [(goal: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  var value: Int { state.withLock { $0.value } }

  func raise(to value: Int) {
    let reached = state.withLock { state in
      state.value = max(state.value, value)
      let reached = state.waiters.filter { $0.goal <= state.value }
      state.waiters.removeAll { $0.goal <= state.value }
      return reached
    }
    for waiter in reached { waiter.continuation.resume() }
  }

  func reached(_ goal: Int) async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLock { state in
        if state.value >= goal { return true }
        state.waiters.append((goal, continuation))
        return false
      }
      if isReached { continuation.resume() }
    }
  }

  /// Lets everybody go on: nothing more comes.
  func finish() { raise(to: .max) }
}
