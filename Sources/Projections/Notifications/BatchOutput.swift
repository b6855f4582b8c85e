import PushCore

/// What a batch of events adds beside the state, gathered for one statement a table.
struct BatchOutput {
  var messages: [MessageDecisions] = []
  var cancellations: [Cancellation] = []
  var attempts: [(attempt: PushAttempt, position: Position)] = []
  var delivered: [PushReceipt] = []
  var opened: [PushReceipt] = []
  var notShown: [(receipt: PushReceipt, reason: String)] = []
  /// Decisions gathered so far.
  private(set) var decisions = 0

  mutating func add(_ output: FoldOutput) {
    switch output {
    case .decided(let decided):
      guard decided.state != nil else { return }
      decisions += decided.decisions.count
      messages.append(decided)
    case .cancelled(let cancellation): cancellations.append(cancellation)
    case .attempted(let attempt, let position, _): attempts.append((attempt, position))
    case .delivered(let receipt): delivered.append(receipt)
    case .opened(let receipt): opened.append(receipt)
    case .notShown(let receipt, let reason): notShown.append((receipt, reason))
    }
  }
}
