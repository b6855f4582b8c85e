#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Synchronization

/// The thread of one connection, as the executor of its actor.
///
///     enqueue ──► pending ──► thread: run them all ──► nothing left: poll { wake, socket } ─┐
///                    ▲                                                                      │
///                    └────────────── a job, a notification, or the end ◄────────────────────┘
///
/// A statement in flight polls inside its job, so no other thread ever waits for the server, and a
/// notification that comes between statements is read at once. The thread ends with the actor.
final class ConnectionExecutor: SerialExecutor {
  private struct State: ~Copyable {
    var pending: [UnownedJob] = []
    var sleeping = false
    var ending = false
    var thread: pthread_t?
  }

  private enum Step { case run, sleep, end }

  private let state = Mutex(State())
  private let link: ServerLink

  init(link: ServerLink) { self.link = link }

  func start() throws(PostgresError) {
    try DetachedThread.start { self.loop() }
  }

  /// Lets the thread close the connection and end. No job may follow.
  func end() {
    state.withLock { $0.ending = true }
    link.wake.raise()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let mustWake = state.withLock { state in
      state.pending.append(job)
      defer { state.sleeping = false }
      return state.sleeping
    }
    if mustWake { link.wake.raise() }
  }

  func checkIsolated() {
    precondition(isOnThread, "Not on the connection's thread.")
  }

  func isIsolatingCurrentContext() -> Bool? { isOnThread }

  private var isOnThread: Bool {
    let thread = state.withLock { $0.thread }
    return thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false
  }

  private func loop() {
    state.withLock { $0.thread = pthread_self() }
    var jobs: [UnownedJob] = []
    while true {
      let step = state.withLock { state -> Step in
        if !state.pending.isEmpty {
          swap(&jobs, &state.pending)
          return .run
        }
        if state.ending {
          state.thread = nil
          return .end
        }
        state.sleeping = true
        return .sleep
      }
      switch step {
      case .run:
        for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
        jobs.removeAll(keepingCapacity: true)
      case .sleep:
        link.waitWhileIdle()
        state.withLock { $0.sleeping = false }
      case .end:
        link.finish()
        return
      }
    }
  }
}
