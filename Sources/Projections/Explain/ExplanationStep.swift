import Ledger
import Postgres
import PushCore

/// One explanation, inside its transaction.
///
///     message ─► recipients ─► their history ─► RestrictedFold ─► decisions
///                                 badges, unread ──┘                 │
///     deliveries, attempts, call-offs ───────────────────────────────┴─► explanation
struct ExplanationStep {
  let app: AppID
  let connection: PostgresConnection
  let question: Explainer.Question

  func run() async throws -> Explanation? {
    guard let settings = try await connection.pipeline([ProjectionSettings.call(app)])[0].first
    else { throw ExplainError.unknownApp(app) }
    guard let sent = try await SentMessage.find(question.message, of: app, connection) else {
      return nil
    }
    let picked = try await RecipientChoice(app: app, connection: connection, sent: sent)
      .pick(question)
    var decider = Decider(
      app: app, connection: connection, sent: sent,
      settings: try ProjectionSettings(settings).fold)
    var recipients = try await decider.decide(Set(picked.users), device: question.device)
    recipients.sort { left, right in
      (picked.users.firstIndex(of: left.user) ?? 0) < (picked.users.firstIndex(of: right.user) ?? 0)
    }
    if sent.isProjected {
      let outcomes = OutcomeReader(app: app, connection: connection, sent: sent)
      try await outcomes.add(
        to: &recipients, device: question.device, isCounted: picked.isCounted)
    }
    return Explanation(
      message: sent.explained(decider.notification, question), counts: picked.counts,
      recipients: recipients, others: picked.others)
  }
}

/// The message as its own stream tells it.
struct SentMessage {
  /// Events of its stream that say something of the message itself, at most.
  static let eventsLimit: Int64 = 100

  var event: HistoryEvent
  var message: Message
  var key: ConversationKey
  var recalled: HistoryEvent?
  var repeatedAt: [Position]
  var projected: Position
  /// From the projection; nil where it has no row.
  var recipients: Int64?
  var expiresAt: Timestamp?

  var isProjected: Bool { projected >= event.position }

  static func find(
    _ id: MessageID, of app: AppID, _ connection: PostgresConnection
  ) async throws -> SentMessage? {
    let stream = StreamName.message(id).rawValue
    let results = try await connection.pipeline([
      PostgresCall(
        """
        select position, type, occurred_at, recorded_at, data, content from ledger.events
        where app = $1 and stream = $2 and type in ('message.sent', 'message.recalled')
        order by app, stream, position limit $3
        """, [app.rawValue, stream, eventsLimit]),
      PostgresCall(
        "select position from pushledger.projection_status where app = $1 and serves",
        [app.rawValue]),
      PostgresCall(
        "select recipients, expires_at from pushledger.messages where app = $1 and message_id = $2",
        [app.rawValue, id.rawValue]),
    ])
    let events = try results[0].compactMap { try HistoryEvent($0) }
    guard let sent = decided(events), case .messageSent(let message) = sent.body else { return nil }
    let later = events.filter { $0.position > sent.position }
    return SentMessage(
      event: sent, message: message,
      key: ConversationKey(message.conversation, seenBy: message.sender),
      recalled: later.first { $0.type == .messageRecalled },
      repeatedAt: later.filter { $0.type == .messageSent }.map(\.position),
      projected: try results[1].first?.get(0) ?? 0,
      recipients: try results[2].first.map { Int64(try $0.get(0, as: Int32.self)) },
      expiresAt: try results[2].first?.timestamp(1))
  }

  /// The first that is kept; where none is, the first.
  private static func decided(_ events: [HistoryEvent]) -> HistoryEvent? {
    let sent = events.filter { $0.type == .messageSent }
    return sent.first { event in
      if case .messageSent(let message) = event.body { !message.onlineOnly } else { false }
    } ?? sent.first
  }

  func explained(
    _ notification: Notification?, _ question: Explainer.Question
  ) -> ExplainedMessage {
    ExplainedMessage(
      message: message, position: event.position, occurredAt: event.occurredAt,
      recordedAt: event.recordedAt, expiresAt: expiresAt, recipients: recipients,
      recalled: recalled.map(Since.init), repeatedAt: repeatedAt, projected: projected,
      notification: question.showsContent ? notification : nil)
  }
}
