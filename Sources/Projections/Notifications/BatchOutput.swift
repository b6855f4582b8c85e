import Foundation
import PushCore

/// What a batch of events adds beside the state, gathered for one statement a table.
struct BatchOutput {
  var messages: [MessageDecisions] = []
  var cancellations: [Cancellation] = []
  var attempts: [(attempt: PushAttempt, position: Position)] = []
  var delivered: [PushReceipt] = []
  var opened: [PushReceipt] = []
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
    }
  }

  /// What the attempts of this batch make of each delivery; the table takes it over where its
  /// rank is higher.
  var moves: [UUID: DeliveryMove] {
    var moves: [UUID: DeliveryMove] = [:]
    for (attempt, _) in attempts {
      moves[attempt.deliveryID, default: DeliveryMove(attempt)].add(attempt)
    }
    return moves
  }
}

/// What several attempts at one delivery amount to.
struct DeliveryMove {
  var status = DeliveryStatus.due
  var reason: String?
  var endedAt: Timestamp?
  var attempts: Int64 = 0
  var firstStartedAt: Timestamp

  init(_ attempt: PushAttempt) { firstStartedAt = attempt.startedAt }

  mutating func add(_ attempt: PushAttempt) {
    let next = DeliveryStatus(after: attempt.outcome)
    if next.rank > status.rank {
      status = next
      reason = attempt.reason
      endedAt = attempt.finishedAt
    }
    attempts = max(attempts, attempt.attempt)
    firstStartedAt = min(firstStartedAt, attempt.startedAt)
  }
}
