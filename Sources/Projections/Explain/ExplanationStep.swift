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
    let known = try await connection.pipeline([
      ProjectionSettings.call(app), SkippedEvents.call(app), SnapshotBadges.call(app),
    ])
    guard let settings = known[0].first else { throw ExplainError.unknownApp(app) }
    guard
      let sent = try await SentMessage.find(
        question.message, of: app, leavingOut: try SkippedEvents(known[1]), connection)
    else { return nil }
    guard sent.leftOutBy == nil else {
      return Explanation(
        message: sent.explained(nil, question), counts: [], recipients: [], others: 0)
    }
    return try await explanation(
      of: sent, try ProjectionSettings(settings).fold, try SnapshotBadges(app, known[2]))
  }

  private func explanation(
    of sent: SentMessage, _ settings: FoldSettings, _ snapshot: SnapshotBadges?
  ) async throws -> Explanation {
    let picked = try await RecipientChoice(app: app, connection: connection, sent: sent)
      .pick(question)
    var decider = Decider(
      app: app, connection: connection, sent: sent, settings: settings, snapshot: snapshot)
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
  var skipped: SkippedEvents
  /// What has the message itself left out of the projection.
  var leftOutBy: HistoryEvent?
  var projected: Position
  /// From the projection; nil where it has no row.
  var recipients: Int64?
  var expiresAt: Timestamp?

  var isProjected: Bool { projected >= event.position }

  /// - Returns: Nil where there is none.
  /// - Throws: ``ExplainError/archived(_:)``
  static func find(
    _ id: MessageID, of app: AppID, leavingOut skipped: SkippedEvents,
    _ connection: PostgresConnection
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
        """
        select position from pushledger.projection_status
        where app = $1 and serves and projection = $2
        """, [app.rawValue, ProjectionTables.projection]),
      PostgresCall(
        "select recipients, expires_at from pushledger.messages where app = $1 and message_id = $2",
        [app.rawValue, id.rawValue]),
      ArchivedMessage.call(id, of: app),
    ])
    if let archived = try ArchivedMessage(id, results[3]) { throw ExplainError.archived(archived) }
    let all = try results[0].compactMap { try HistoryEvent($0) }
    let folded = all.filter { !skipped.contains($0.position) }
    guard let sent = decided(folded) ?? decided(all), case .messageSent(let message) = sent.body
    else { return nil }
    let later = folded.filter { $0.position > sent.position }
    let leftOutBy =
      skipped.contains(sent.position) ? try await skip(of: sent, app, connection) : nil
    return SentMessage(
      event: sent, message: message,
      key: ConversationKey(message.conversation, seenBy: message.sender),
      recalled: later.first { $0.type == .messageRecalled },
      repeatedAt: later.filter { $0.type == .messageSent }.map(\.position),
      skipped: skipped, leftOutBy: leftOutBy,
      projected: try results[1].first?.get(0) ?? 0,
      recipients: try results[2].first.map { Int64(try $0.get(0, as: Int32.self)) },
      expiresAt: try results[2].first?.timestamp(1))
  }

  private static func skip(
    of sent: HistoryEvent, _ app: AppID, _ connection: PostgresConnection
  ) async throws -> HistoryEvent? {
    try await connection.query(
      """
      select position, type, occurred_at, recorded_at, data, content from ledger.events
      where app = $1 and stream = $2 and type = $3 and (data ->> 'position')::bigint = $4
      order by position limit 1
      """,
      [
        app.rawValue, StreamName.projection(ProjectionTables.projection).rawValue,
        EventType.eventSkipped.rawValue, sent.position,
      ]
    ).first.flatMap { try HistoryEvent($0) }
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
      recalled: recalled.map(Since.init), repeatedAt: repeatedAt,
      skipped: leftOutBy.map(Since.init), projected: projected,
      notification: question.showsContent ? notification : nil)
  }
}
