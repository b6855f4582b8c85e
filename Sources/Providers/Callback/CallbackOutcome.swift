internal import PushCore

/// What the answer of a webhook means. Whatever one answers says nothing of the others, so no
/// credential and no host is ever to blame.
enum CallbackOutcome {
  static func result(
    _ answer: Result<HTTPAnswer, HTTPFailure>, at now: Timestamp
  ) -> AttemptResult {
    switch answer {
    case .failure(let failure):
      let outcome: AttemptOutcome =
        failure.isForGood ? .rejected : failure.mayHaveArrived ? .unknown : .retry
      return AttemptResult(outcome, reason: failure.reason)
    case .success(let answer):
      let outcome = outcome(of: answer.status)
      var result = AttemptResult(
        outcome, status: answer.status,
        reason: outcome == .accepted ? nil : "http_\(answer.status)")
      if outcome == .retry { result.retryAfter = answer.retryAfter(at: now) }
      if outcome == .tokenInvalid { result.invalidSince = now }
      return result
    }
  }

  private static func outcome(of status: Int) -> AttemptOutcome {
    switch status {
    case 200..<300: .accepted
    // The webhook is gone for good.
    case 410: .tokenInvalid
    // It had no time, it is too early, it is called too often.
    case 408, 425, 429: .retry
    case 500...: .retry
    // A redirection is not followed: it could lead anywhere.
    default: .rejected
    }
  }
}
