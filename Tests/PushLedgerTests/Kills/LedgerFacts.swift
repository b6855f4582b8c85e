import Foundation
import Ledger
import Postgres
import PushCore

/// A whole ledger, read and folded anew.
struct LedgerFacts {
  struct Attempt {
    var position: Position
    var number: Int64
    var outcome: AttemptOutcome
  }

  private static let page = 5_000

  let app: AppID
  private(set) var events: [RecordedEvent] = []
  private(set) var deliveries: [UUID: DeliveryFold.Delivery] = [:]
  private(set) var attempts: [UUID: [Attempt]] = [:]
  /// `{user: {conversation: count}}` as one text for each.
  private(set) var unread: [String: Int64] = [:]

  init(of app: AppID, _ pool: PostgresPool, _ settings: FoldSettings) async throws {
    self.app = app
    let reader = LedgerReader(pool)
    while true {
      let page = try await reader.events(
        of: app, after: events.last?.position ?? 0, limit: Self.page)
      guard !page.isEmpty else { break }
      events += page
    }
    try fold(settings)
  }

  private mutating func fold(_ settings: FoldSettings) throws {
    var fold = Fold(settings: settings)
    var folded = DeliveryFold(app: app)
    for recorded in events {
      let outputs = fold.apply(
        try recorded.event.body(), at: recorded.position, occurredAt: recorded.event.occurredAt,
        recordedAt: recorded.recordedAt)
      fold.state.forgetChanges()
      for output in outputs {
        folded.apply(output)
        guard case .attempted(let attempt, let position, _, _) = output else { continue }
        attempts[attempt.deliveryID, default: []].append(
          Attempt(position: position, number: attempt.attempt, outcome: attempt.outcome))
      }
    }
    deliveries = folded.deliveries
    for user in Set(fold.state.conversations.values.flatMap(\.members.keys)) {
      for (conversation, count) in fold.state.unread(of: user) {
        unread["\(user) \(conversation.storedName)"] = count
      }
    }
  }

  /// How many deliveries become due at each of the events.
  static func pushes(of events: [NewEvent], _ settings: FoldSettings) throws -> [Int] {
    var fold = Fold(settings: settings)
    return try events.enumerated().map { index, event in
      let outputs = fold.apply(
        try event.body(), at: Position(index + 1), occurredAt: event.occurredAt,
        recordedAt: event.occurredAt)
      return outputs.reduce(0) { count, output in
        if case .decided(let decided) = output { count + decided.pushes } else { count }
      }
    }
  }
}
