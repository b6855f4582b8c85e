import PushCore
import Synchronization

/// One caller's append on its way: answered once, by whoever comes first.
final class PendingAppend: Sendable {
  typealias Answer = Result<[AppendedEvent], AppendError>

  private enum State {
    case made
    case waiting(CheckedContinuation<Answer, Never>)
    case answered(Answer)
    case done
  }

  let app: AppID
  let events: [NewEvent]
  let expectation: StreamExpectation?
  let bytes: Int
  let deadline: ContinuousClock.Instant
  private let state = Mutex(State.made)
  private let outcomeUnknown = Atomic(false)

  init(
    app: AppID, events: [NewEvent], expectation: StreamExpectation?,
    deadline: ContinuousClock.Instant
  ) {
    self.app = app
    self.events = events
    self.expectation = expectation
    self.deadline = deadline
    bytes = events.reduce(0) { $0 + $1.data.count + ($1.content?.count ?? 0) }
  }

  /// Suspends the caller until ``finish(_:)``, which may have come before.
  func wait(_ continuation: CheckedContinuation<Answer, Never>) {
    let early = state.withLock { state -> Answer? in
      if case .answered(let answer) = state {
        state = .done
        return answer
      }
      state = .waiting(continuation)
      return nil
    }
    if let early { continuation.resume(returning: early) }
  }

  /// Answers the caller; without effect when it was answered before.
  func finish(_ answer: Answer) {
    let continuation = state.withLock { state -> CheckedContinuation<Answer, Never>? in
      switch state {
      case .made:
        state = .answered(answer)
        return nil
      case .waiting(let continuation):
        state = .done
        return continuation
      case .answered, .done: return nil
      }
    }
    continuation?.resume(returning: answer)
  }

  /// Notes that its events may be stored although no answer came.
  func noteUnknownOutcome() { outcomeUnknown.store(true, ordering: .relaxed) }

  /// Tells the caller that the database did not answer in time.
  func expire(retryAfter: Duration) {
    finish(
      .failure(
        .unavailable(
          retryAfter: retryAfter, outcomeUnknown: outcomeUnknown.load(ordering: .relaxed))))
  }

  var isAnswered: Bool {
    state.withLock { state in
      switch state {
      case .made, .waiting: false
      case .answered, .done: true
      }
    }
  }
}
