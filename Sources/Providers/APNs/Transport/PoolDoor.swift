internal import NIOCore
internal import PushCore
private import Synchronization

/// What a pool is for.
struct PoolIdentity: Sendable {
  var app: AppID
  var credentialID: String
  var host: String
}

/// The way into a pool from any task: requests are gathered and cross to the event loop together,
/// one crossing for all that came meanwhile.
final class PoolDoor: Sendable {
  /// Requests that may be on their way in at once.
  private let limit: Int
  private let eventLoop: any EventLoop
  private let pool: NIOLoopBoundBox<APNsPool>
  private let state = Mutex(State())

  private struct State {
    var gathered: [Submission] = []
    var lastSubmission = NIODeadline.now()
  }

  init(_ pool: sending APNsPool, eventLoop: any EventLoop, limit: Int) {
    self.pool = .makeBoxSendingValue(pool, eventLoop: eventLoop)
    self.eventLoop = eventLoop
    self.limit = limit
  }

  /// - Returns: False where too many are on their way in already.
  func submit(_ submission: Submission) -> Bool {
    let now = NIODeadline.now()
    let (taken, isFirst) = state.withLock { state in
      guard state.gathered.count < limit else { return (false, false) }
      state.gathered.append(submission)
      state.lastSubmission = now
      return (true, state.gathered.count == 1)
    }
    if isFirst { eventLoop.execute { self.enter() } }
    return taken
  }

  private func enter() {
    let submissions = state.withLock { state in
      let taken = state.gathered
      state.gathered = []
      return taken
    }
    pool.value.admit(submissions)
  }

  /// Whether nothing came in for so long that the pool behind has closed its connections.
  func isDisused(for time: Duration, at now: NIODeadline) -> Bool {
    state.withLock { $0.gathered.isEmpty && now - $0.lastSubmission > TimeAmount(time) }
  }

  func status() async -> ProviderStatus? {
    try? await eventLoop.submit { self.pool.value.status }.get()
  }

  func close(within grace: Duration) async {
    let closed = eventLoop.flatSubmit {
      let future = self.pool.value.close()
      let end = self.eventLoop.scheduleTask(in: TimeAmount(grace)) { self.pool.value.closeNow() }
      future.whenComplete { _ in end.cancel() }
      return future
    }
    try? await closed.get()
  }
}
