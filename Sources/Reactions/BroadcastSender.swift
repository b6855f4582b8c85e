public import Ledger
public import Logging
public import Postgres
import Projections
public import PushCore

import struct Foundation.UUID

/// Sends what was asked to be sent to many: a stream of recipients, a page at a time, each page one
/// append of a `message.sent` for each.
///
/// Every message's id is that of the broadcast and its recipient. Whoever sends a page again, after a
/// crash or beside another, stores nothing new.
public struct BroadcastSender: Sendable {
  static let recipientsPerPage = 500
  static let broadcastsPerRound = 100

  let pool: PostgresPool
  let appender: Appender
  let logger: Logger
  let clock: @Sendable () -> Timestamp

  public init(
    pool: PostgresPool, appender: Appender, logger: Logger,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.systemClock
  ) {
    self.pool = pool
    self.appender = appender
    self.logger = logger
    self.clock = clock
  }

  /// Sends all that is not finished, to its end: a page of each in turn, so that a large one holds
  /// up no other.
  public func sendAll() async throws {
    var isMore = true
    while isMore, !Task.isCancelled {
      isMore = false
      for (app, position) in try await unfinished() {
        if try await sendPage(app, at: position) { isMore = true }
      }
    }
  }

  private func unfinished() async throws -> [(AppID, Position)] {
    let rows = try await pool.query(
      """
      select app, position from (
        select e.app, e.position,
          row_number() over (partition by e.app order by e.position) as number
        from ledger.events e
        where e.type = 'broadcast.started' and not exists (
          select from reactions.broadcasts b
          where b.app = e.app and b.broadcast_id = e.data ->> 'broadcast' and b.finished)
      ) as unfinished
      order by number, app limit \(Self.broadcastsPerRound)
      """)
    return try rows.map { (AppID(unchecked: try $0.get(0)), try $0.get(1)) }
  }

  /// - Returns: Whether there is more of it.
  private func sendPage(_ app: AppID, at position: Position) async throws -> Bool {
    let events = try await LedgerReader(pool).events(of: app, after: position - 1, limit: 1)
    guard let event = events.first, event.position == position,
      case .broadcastStarted(let broadcast)? = try? event.event.body()
    else { return false }
    let projections = try await NotificationsReader(pool: pool).projections(of: app)
    // Whoever was known when it was asked for gets it, and who comes before their turn in it.
    guard let serving = projections.first(where: \.saysWhatIsPushed), serving.position >= position
    else {
      return false
    }
    let condition = Condition(broadcast.condition)
    try await begin(broadcast, app, position, condition)
    guard let after = try await place(of: broadcast, app) else { return false }
    let users = try await page(after: after, app, condition)
    let recipients = users.filter { $0 != broadcast.sender }
    do {
      let messages = try recipients.map { try message(of: broadcast, event, to: $0) }
      if !messages.isEmpty { _ = try await appender.appendEvents(messages, to: app) }
    } catch let error where Self.isForGood(error) {
      // One that no message can be made of ends, and holds up no other.
      logger.error(
        "A broadcast cannot be sent, and ends",
        metadata: [
          "app": "\(app)", "broadcast": "\(broadcast.id)", "error": "\(LoggedError.text(error))",
        ])
      try await finish(broadcast, app)
      return false
    }
    guard let last = users.last else {
      try await finish(broadcast, app)
      return false
    }
    try await move(broadcast, app, after: after, to: last, sent: recipients.count)
    return true
  }

  /// Whether trying again would end the same.
  private static func isForGood(_ error: any Error) -> Bool {
    switch error {
    case is FieldError, is JSONError: true
    case AppendError.refused: true
    default: false
    }
  }

  // MARK: What one recipient gets

  private func message(
    of broadcast: Broadcast, _ event: RecordedEvent, to user: UserID
  ) throws -> NewEvent {
    let id = EventID.foreign(
      "broadcast", "message", [broadcast.id.rawValue, user.rawValue], app: event.app)
    let message = MessageID(unchecked: "broadcast-" + id.uuidString.lowercased())
    let data = JSON.object(present: [
      ("message_id", JSON(message)), ("from", JSON(broadcast.sender)),
      ("conversation", ["user": JSON(user)]), ("broadcast", JSON(broadcast.id)),
      ("online_only", broadcast.onlineOnly ? true : nil),
      ("expires_at", broadcast.expiresAt.map { JSON($0) }), ("over_mute", true),
    ])
    return try EventDoor.event(
      id: EventID.message(message, app: event.app), type: .messageSent,
      occurredAt: event.event.occurredAt, data: data,
      content: try event.event.content.map { try JSON.parse($0) })
  }

  // MARK: Who gets it

  /// A condition as the query's parameters.
  private struct Condition {
    var anyTag: [String]?
    var allTags: [String]?
    var anyAttribute: [JSON]?
    var allAttributes: JSON?

    init(_ condition: BroadcastCondition?) {
      switch condition {
      case nil: break
      case .anyTag(let tags): anyTag = tags.map(\.rawValue)
      case .allTags(let tags): allTags = tags.map(\.rawValue)
      case .anyAttribute(let map):
        anyAttribute = map.map { JSON.object([.init($0.rawValue, .string($1))]) }
      case .allAttributes(let map):
        allAttributes = .object(map.map { JSON.Member($0.key.rawValue, .string($0.value)) })
      }
    }

    func add(to values: inout PostgresParameters) {
      values.add(array: anyTag ?? [])
      values.add(anyTag == nil)
      values.add(array: allTags ?? [])
      values.add(array: (anyAttribute ?? []).map { PostgresJSONB($0.serialized()) })
      values.add(anyAttribute == nil)
      values.add(PostgresJSONB((allAttributes ?? [:]).serialized()))
      values.add(allTags == nil)
      values.add(allAttributes == nil)
    }
  }

  private static let fits = """
    app = $1 and not deleted
      and ($3 or tags && $2::text[]) and ($8 or tags @> $4::text[])
      and ($6 or attributes @> any ($5::jsonb[])) and ($9 or attributes @> $7)
    """

  private func parameters(_ app: AppID, _ condition: Condition) -> PostgresParameters {
    var values = PostgresParameters()
    values.add(app.rawValue)
    condition.add(to: &values)
    return values
  }

  private func page(
    after: String, _ app: AppID, _ condition: Condition
  ) async throws -> [UserID] {
    var values = parameters(app, condition)
    values.add(after)
    values.add(Int64(Self.recipientsPerPage))
    let rows = try await pool.query(
      """
      select user_id from notifications_v1.users
      where \(Self.fits) and user_id > $10 order by user_id limit $11
      """, values)
    return try rows.map { UserID(unchecked: try $0.get(0)) }
  }

  // MARK: How far it is

  private func begin(
    _ broadcast: Broadcast, _ app: AppID, _ position: Position, _ condition: Condition
  ) async throws {
    var values = parameters(app, condition)
    values.add(broadcast.id.rawValue)
    values.add(position)
    values.add(broadcast.sender.rawValue)
    _ = try await pool.query(
      """
      insert into reactions.broadcasts
        (app, broadcast_id, position, after_user, recipients, total, finished)
      select $1, $10, $11, '', 0, count(*), false
      from notifications_v1.users where \(Self.fits) and user_id <> $12
      on conflict do nothing
      """, values)
  }

  /// The user after whom to go on; nil where it is finished.
  private func place(of broadcast: Broadcast, _ app: AppID) async throws -> String? {
    try await pool.query(
      """
      select after_user from reactions.broadcasts
      where app = $1 and broadcast_id = $2 and not finished
      """, [app.rawValue, broadcast.id.rawValue]
    ).first?.get(0)
  }

  /// Counts a page once, whoever sent it too.
  private func move(
    _ broadcast: Broadcast, _ app: AppID, after: String, to user: UserID, sent: Int
  ) async throws {
    _ = try await pool.query(
      """
      update reactions.broadcasts set after_user = $4, recipients = recipients + $5
      where app = $1 and broadcast_id = $2 and after_user = $3
      """, [app.rawValue, broadcast.id.rawValue, after, user.rawValue, Int64(sent)])
  }

  private func finish(_ broadcast: Broadcast, _ app: AppID) async throws {
    let recipients: Int64 =
      try await pool.query(
        """
        select recipients from reactions.broadcasts where app = $1 and broadcast_id = $2
        """, [app.rawValue, broadcast.id.rawValue]
      ).first?.get(0) ?? 0
    let event = try EventDoor.event(
      id: EventID.foreign("broadcast", "finished", [broadcast.id.rawValue], app: app),
      type: .broadcastFinished, occurredAt: clock(),
      data: ["broadcast": JSON(broadcast.id), "recipients": .integer(recipients)], content: nil)
    _ = try await appender.appendEvents([event], to: app)
    _ = try await pool.query(
      "update reactions.broadcasts set finished = true where app = $1 and broadcast_id = $2",
      [app.rawValue, broadcast.id.rawValue])
  }
}
