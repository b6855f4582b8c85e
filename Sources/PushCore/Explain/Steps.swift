/// A part of a delivery's way, and how long it took.
public struct DeliveryStep: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// From the caller's clock to the commit: both clocks differ.
    case recorded
    /// From the commit to the start of the first attempt.
    case waited
    /// One attempt, from its start to its answer.
    case attempt
    /// From one attempt's answer to the next one's start.
    case pause
    /// From the commit to where nothing more follows.
    case ended
    /// From the commit to the phone, to the user's finger, to the report that it was not shown.
    case delivered, opened
    case notShown = "not_shown"
  }

  public var kind: Kind
  /// Which attempt it is, or comes before; nil for the other steps.
  public var attempt: Int64?
  public var at: Timestamp
  public var took: Duration
}

extension ExplainedDecision {
  /// How long each part of the way took, in order.
  public func steps(of message: ExplainedMessage) -> [DeliveryStep] {
    let recorded = message.recordedAt
    var steps = [
      DeliveryStep(kind: .recorded, attempt: nil, at: recorded, took: recorded - message.occurredAt)
    ]
    // An imported message was recorded after all that became of it: count from where it was sent.
    let isImported = attempts.first.map { $0.startedAt < recorded } ?? false
    let committed = isImported ? message.occurredAt : recorded
    var last: Timestamp?
    for attempt in attempts {
      steps.append(
        DeliveryStep(
          kind: last == nil ? .waited : .pause, attempt: attempt.number, at: attempt.startedAt,
          took: attempt.startedAt - (last ?? committed)))
      steps.append(
        DeliveryStep(
          kind: .attempt, attempt: attempt.number, at: attempt.finishedAt,
          took: attempt.finishedAt - attempt.startedAt))
      last = attempt.finishedAt
    }
    // … and a call-off from where it happened, for the delivery has the time of its commit.
    let endedAt = isImported ? calledOff?.event?.at ?? delivery?.endedAt : delivery?.endedAt
    let ends: [(DeliveryStep.Kind, Timestamp?)] = [
      (.ended, endedAt), (.delivered, delivery?.deliveredAt),
      (.opened, delivery?.openedAt), (.notShown, delivery?.notShownAt),
    ]
    for case (let kind, let at?) in ends {
      steps.append(DeliveryStep(kind: kind, attempt: nil, at: at, took: at - committed))
    }
    return steps
  }
}
