import Synchronization

/// The backlog between callers, on any thread, and the committer on its own.
final class SharedBacklog: Sendable {
  private struct State {
    var backlog: AppendBacklog
    var status = AppenderStatus()
    var isStopping = false
    var sleeper: CheckedContinuation<Void, Never>?

    mutating func wake() -> CheckedContinuation<Void, Never>? {
      defer { sleeper = nil }
      return sleeper
    }
  }

  enum Step {
    case commit([PendingAppend])
    case nothing
  }

  private let state: Mutex<State>
  private let limits: AppendLimits

  init(limits: AppendLimits) {
    self.limits = limits
    state = Mutex(State(backlog: AppendBacklog(limits: limits)))
  }

  var status: AppenderStatus {
    state.withLock { state in
      var status = state.status
      status.waitingEvents = state.backlog.events
      status.waitingBytes = state.backlog.bytes
      return status
    }
  }

  // MARK: Callers

  func admit(_ append: PendingAppend) {
    let (refusal, sleeper) = state.withLock {
      state -> (AppendError?, CheckedContinuation<Void, Never>?) in
      if state.isStopping { return (.stopped, nil) }
      guard state.backlog.admit(append) else {
        return (.full(retryAfter: limits.retryAfter), nil)
      }
      return (nil, state.wake())
    }
    if let refusal { append.finish(.failure(refusal)) }
    sleeper?.resume()
  }

  func stop() {
    state.withLock { state in
      state.isStopping = true
      return state.wake()
    }?.resume()
  }

  // MARK: The committer

  /// The next commit, without appends that were cancelled or have waited too long.
  func next() -> Step {
    let now = ContinuousClock.now
    while true {
      let taken = state.withLock { $0.backlog.next() }
      if taken.isEmpty { return .nothing }
      let commit = taken.filter { !$0.isAnswered && $0.deadline > now }
      if commit.count == taken.count { return .commit(commit) }
      let dropped = taken.filter { append in !commit.contains { $0 === append } }
      for append in dropped { append.expire(retryAfter: limits.retryAfter) }
      state.withLock { $0.backlog.settle(dropped) }
      if !commit.isEmpty { return .commit(commit) }
    }
  }

  /// Suspends until there is something to do.
  func waitForWork(isolation: isolated (any Actor)? = #isolation) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if !state.backlog.isEmpty || state.isStopping { return true }
        state.sleeper = continuation
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  func answer(_ commit: ArraySlice<PendingAppend>, with events: [AppendedEvent]) {
    state.withLock { state in
      state.backlog.settle(commit)
      state.status.commits += 1
      state.status.events += UInt64(events.count)
    }
    var start = events.startIndex
    for append in commit {
      let end = start + append.events.count
      append.finish(.success(Array(events[start..<end])))
      start = end
    }
  }

  func fail(_ commit: some Collection<PendingAppend>, _ error: AppendError) {
    state.withLock { $0.backlog.settle(commit) }
    for append in commit { append.finish(.failure(error)) }
  }

  func putBack(_ commit: [PendingAppend]) {
    state.withLock { $0.backlog.putBack(commit) }
  }

  func expire() {
    let now = ContinuousClock.now
    for append in state.withLock({ $0.backlog.removeExpired(at: now) }) {
      append.expire(retryAfter: limits.retryAfter)
    }
  }

  func failAll(_ error: AppendError) {
    for append in state.withLock({ $0.backlog.removeAll() }) { append.finish(.failure(error)) }
  }

  /// Whether nothing waits and nothing more will come.
  var hasEnded: Bool { state.withLock { $0.isStopping && $0.backlog.isEmpty } }

  func setConnected(_ isConnected: Bool) {
    state.withLock { $0.status.isConnected = isConnected }
  }
}
