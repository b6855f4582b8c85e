import PushCore

/// An attempt, and the way that is tried after it where it was refused for good.
struct FoldedAttempt {
  var attempt: PushAttempt
  var position: Position
  var recordedAt: Timestamp
  var next: ProviderName?

  var status: DeliveryStatus { next == nil ? DeliveryStatus(after: attempt.outcome) : .due }
}

/// What a batch of events adds beside the state, gathered for one statement a table.
struct BatchOutput {
  var messages: [MessageDecisions] = []
  var cancellations: [Cancellation] = []
  var attempts: [FoldedAttempt] = []
  var delivered: [(receipt: PushReceipt, position: Position)] = []
  var opened: [(receipt: PushReceipt, position: Position)] = []
  var notShown: [(receipt: PushReceipt, reason: String, position: Position)] = []
  /// Decisions gathered so far.
  private(set) var decisions = 0

  mutating func add(_ output: FoldOutput) {
    switch output {
    case .decided(let decided):
      guard decided.state != nil else { return }
      decisions += decided.decisions.count
      messages.append(decided)
    case .cancelled(let cancellation): cancellations.append(cancellation)
    case .attempted(let attempt, let position, let recordedAt, let next):
      attempts.append(
        FoldedAttempt(attempt: attempt, position: position, recordedAt: recordedAt, next: next))
    case .delivered(let receipt, let position): delivered.append((receipt, position))
    case .opened(let receipt, let position): opened.append((receipt, position))
    case .notShown(let receipt, let reason, let position):
      notShown.append((receipt, reason, position))
    }
  }
}
