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
///
/// Of a message to many only those that are pushed are kept one by one, the suppressed ones as
/// counts: a batch is as large in memory as what it stores.
struct BatchOutput {
  struct SuppressedCount {
    var position: Position
    var reason: SuppressionReason
    var count: Int32
  }

  /// A message to more recipients than this keeps its suppressed ones as counts.
  let suppressedRowsLimit: Int
  /// Each with the decisions that become rows.
  private(set) var messages: [MessageDecisions] = []
  private(set) var suppressed: [SuppressedCount] = []
  private(set) var tally = DecisionTally()
  /// Decisions that become rows, and those of them that are pushes.
  private(set) var rows = 0
  private(set) var pushes = 0
  private(set) var cancellations: [Cancellation] = []
  private(set) var attempts: [FoldedAttempt] = []
  private(set) var delivered: [(receipt: PushReceipt, position: Position)] = []
  private(set) var opened: [(receipt: PushReceipt, position: Position)] = []
  /// In the order of the ledger. They end a batch: all else of it stands before them.
  private(set) var orders: [DeliveryOrder] = []
  private(set) var notShown: [(receipt: PushReceipt, reason: String, position: Position)] = []

  /// Keys and indexes that it is stored by, of those that a rebuild begins without: attempts and
  /// receipts name a delivery, a recall or an erasure all of a message.
  var needs: Set<String> {
    var needs: Set<String> = []
    if !(attempts.isEmpty && delivered.isEmpty && opened.isEmpty && notShown.isEmpty
      && orders.isEmpty)
    {
      needs.insert("deliveries_pkey")
    }
    let callsOffMessages = cancellations.contains {
      switch $0.scope {
      case .message, .erased: true
      case .device, .read: false
      }
    }
    if callsOffMessages { needs.insert("deliveries_position") }
    return needs
  }

  init(suppressedRowsLimit: Int) { self.suppressedRowsLimit = suppressedRowsLimit }

  mutating func add(_ output: FoldOutput) {
    switch output {
    case .decided(let decided): add(decided)
    case .cancelled(let cancellation): cancellations.append(cancellation)
    case .attempted(let attempt, let position, let recordedAt, let next):
      attempts.append(
        FoldedAttempt(attempt: attempt, position: position, recordedAt: recordedAt, next: next))
    case .delivered(let receipt, let position): delivered.append((receipt, position))
    case .opened(let receipt, let position): opened.append((receipt, position))
    case .notShown(let receipt, let reason, let position):
      notShown.append((receipt, reason, position))
    case .ordered(let order): orders.append(order)
    }
  }

  private mutating func add(_ decided: MessageDecisions) {
    guard decided.state != nil else { return }
    tally.add(decided)
    var stored = decided
    if decided.recipients > suppressedRowsLimit {
      stored.decisions = []
      var counts: [SuppressionReason: Int32] = [:]
      for decision in decided.decisions {
        if case .suppressed(let reason) = decision.verdict {
          tally.add(decided, decision, reason)
          counts[reason, default: 0] += 1
        } else {
          stored.decisions.append(decision)
        }
      }
      for (reason, count) in counts {
        suppressed.append(
          SuppressedCount(position: decided.position, reason: reason, count: count))
      }
    }
    rows += stored.decisions.count
    pushes += stored.pushes
    messages.append(stored)
  }
}
