import Synchronization

/// Lets tasks wait until a count is reached.
final class CountGate: Sendable {
  private struct State {
    var count = 0
    var isFinished = false
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
  }

  private struct Waiter {
    var count: Int
    var continuation: CheckedContinuation<Void, Never>
  }

  private let state = Mutex(State())

  func add(_ count: Int = 1) {
    change { $0.count += count }
  }

  func reset() {
    state.withLock { $0.count = 0 }
  }

  /// Nobody waits from now on.
  func finish() {
    change { $0.isFinished = true }
  }

  private func change(_ change: (inout State) -> Void) {
    let ready: [Waiter] = state.withLock { state in
      change(&state)
      if state.waiters.isEmpty { return [] }
      let ready = state.waiters.filter { state.isFinished || $0.value.count <= state.count }
      for number in ready.keys { state.waiters[number] = nil }
      return Array(ready.values)
    }
    for waiter in ready { waiter.continuation.resume() }
  }

  /// Returns when the count is reached, at the end, or when the task is cancelled.
  func wait(for count: Int) async {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.count >= count || state.isFinished || Task.isCancelled { return true }
          state.waiters[number] = Waiter(count: count, continuation: continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume()
    }
  }
}
