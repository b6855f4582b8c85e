public import Postgres
public import PushCore

public import struct Foundation.UUID

/// Reads ledgers: by position, by stream, and as they grow.
///
/// Positions become visible in order, so "after the last I saw" misses none and repeats none.
public struct LedgerReader: Sendable {
  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// The events after a position, in order.
  ///
  /// - Parameter limit: 1 to ``EventPage/maximumLimit``.
  /// - Returns: Empty where there is none yet, or no such app.
  /// - Throws: ``LedgerReadError/archived(_:upTo:)`` where some are missing between them.
  public func events(
    of app: AppID, after position: Position, limit: Int
  ) async throws(LedgerReadError) -> [RecordedEvent] {
    let events = try EventPage.events(
      try await query(EventPage.call(of: app, after: position, limit: limit)), of: app)
    // Positions have no gap but where messages were detached, perhaps while they were read.
    if let last = events.last, last.position - position != events.count {
      try await requireAll(of: app, after: position)
    }
    return events
  }

  /// The events at positions, in order.
  ///
  /// - Parameter positions: At most ``EventPage/maximumLimit``.
  public func events(
    of app: AppID, at positions: [Position]
  ) async throws(LedgerReadError) -> [RecordedEvent] {
    try EventPage.events(
      try await query(EventPage.call(of: app, at: positions)), of: app)
  }

  /// The events of one stream after a position, in order.
  public func events(
    of app: AppID, stream: StreamName, after position: Position = 0, limit: Int
  ) async throws(LedgerReadError) -> [RecordedEvent] {
    try EventPage.events(
      try await query(
        EventPage.call(of: app, stream: stream, after: position, limit: limit)),
      of: app)
  }

  /// The event with an id; nil where it is not stored.
  public func event(
    _ id: UUID, of app: AppID
  ) async throws(LedgerReadError) -> RecordedEvent? {
    try EventPage.events(try await query(EventPage.call(of: app, id: id)), of: app).first
  }

  /// When events occurred; those that are not stored are left out.
  public func times(
    of ids: [UUID], in app: AppID
  ) async throws(LedgerReadError) -> [UUID: Timestamp] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: ids)
    let result = try await query(
      PostgresCall(
        """
        select e.event_id, e.occurred_at from unnest($2::uuid[]) as wanted (id)
        cross join lateral (
          select e.event_id, e.occurred_at from ledger.events e
          where e.app = $1 and e.event_id between wanted.id and wanted.id
          order by e.app, e.event_id limit 1) e
        """, values))
    return try Self.read { () throws(PostgresError) in
      var times: [UUID: Timestamp] = [:]
      for row in result { times[try row.get(0)] = try row.timestamp(1) }
      return times
    }
  }

  /// The first event of a type in a stream; nil where there is none.
  public func first(
    _ type: EventType, of app: AppID, in stream: StreamName
  ) async throws(LedgerReadError) -> RecordedEvent? {
    try EventPage.events(
      try await query(EventPage.call(first: type, of: app, in: stream)), of: app
    ).first
  }

  /// The last event of a type in a stream; nil where there is none.
  public func last(
    _ type: EventType, of app: AppID, in stream: StreamName
  ) async throws(LedgerReadError) -> RecordedEvent? {
    try EventPage.events(
      try await query(EventPage.call(last: type, of: app, in: stream)), of: app
    ).first
  }

  /// The ids of messages that were sent and whose id begins so, at most 100.
  ///
  /// - Parameter prefix: Without `/` and `%`.
  public func messages(
    prefixed prefix: String, of app: AppID
  ) async throws(LedgerReadError) -> [MessageID] {
    let stream = StreamName.message(MessageID(unchecked: prefix)).rawValue
    let result = try await query(
      PostgresCall(
        """
        select data ->> 'message_id' from ledger.events
        where app = $1 and stream >= $2 and stream < $3 and type = 'message.sent'
        order by app, stream, position limit 100
        """, [app.rawValue, stream, stream + "\u{10FFFF}"]))
    return try Self.read { () throws(PostgresError) in
      var ids: [MessageID] = []
      for row in result { ids.append(MessageID(unchecked: try row.get(0))) }
      return ids
    }
  }

  /// What is known of a group whose stream this is: nil where nobody spoke of it, or where it was
  /// dissolved and not made again.
  ///
  /// - Parameter position: As it was then; nil: as it is now.
  /// - Returns: The kind that was named last.
  public func groupKind(
    _ stream: StreamName, of app: AppID, at position: Position? = nil
  ) async throws(LedgerReadError) -> GroupKind? {
    let result = try await query(
      PostgresCall(
        """
        with dissolved as (
          select coalesce(max(position), 0) as position from ledger.events
          where app = $1 and stream = $2 and type = 'group.dissolved' and position <= $3
        )
        select
          (
            select e.data ->> 'kind' from ledger.events e
            where e.app = $1 and e.stream = $2 and e.type = 'group.updated'
              and e.position > d.position and e.position <= $3 and e.data ? 'kind'
            order by e.app, e.stream, e.position desc limit 1
          ),
          exists (
            select from ledger.events e
            where e.app = $1 and e.stream = $2 and e.type = 'group.updated'
              and e.position > d.position and e.position <= $3),
          d.position
        from dissolved d
        """, [app.rawValue, stream.rawValue, position ?? Position.max]))
    return try Self.read { () throws(PostgresError) in
      guard let row = result.first, try row.get(1) else { return nil }
      return GroupKind(name: try row.optional(0), dissolvedAt: try row.get(2))
    }
  }

  /// Position of the app's last event; 0 before the first.
  public func head(of app: AppID) async throws(LedgerReadError) -> Position {
    let result = try await query(
      PostgresCall("select position from ledger.heads where app = $1", [app.rawValue]))
    guard let row = result.first else { throw .unknownApp(app) }
    return try Self.read { () throws(PostgresError) in try row.get(0) }
  }

  /// When an event was recorded; nil where it is not here.
  public func recordedAt(
    _ position: Position, of app: AppID
  ) async throws(LedgerReadError) -> Timestamp? {
    let result = try await query(
      PostgresCall(
        "select recorded_at from ledger.events where app = $1 and position = $2",
        [app.rawValue, position]))
    return try Self.read { () throws(PostgresError) in try result.first?.timestamp(0) }
  }

  /// The last position that was committed at or before a moment; 0 where there is none so old.
  public func position(
    at moment: Timestamp, of app: AppID
  ) async throws(LedgerReadError) -> Position {
    let result = try await query(
      PostgresCall(
        "select pushledger.position_at($1, $2)",
        [app.rawValue, PostgresTimestamp(microseconds: moment.microseconds)]))
    return try Self.read { () throws(PostgresError) in try result.first?.get(0) ?? 0 }
  }

  /// The heads of all apps.
  public func heads() async throws(LedgerReadError) -> [AppID: Position] {
    let result = try await query(PostgresCall("select app, position from ledger.heads"))
    return try Self.read { () throws(PostgresError) in
      var heads: [AppID: Position] = [:]
      for row in result { heads[AppID(unchecked: try row.get(0))] = try row.get(1) }
      return heads
    }
  }

  /// The archive that messages of an app were detached to; nil where none were.
  public func archive(of app: AppID) async throws(LedgerReadError) -> LedgerArchive? {
    let result = try await query(LedgerArchive.call(of: app))
    return try Self.read { () throws(PostgresError) in try LedgerArchive(result) }
  }

  /// To be asked before reading begins: that no event after a position is in an archive only.
  ///
  /// - Throws: ``LedgerReadError/archived(_:upTo:)``
  public func requireAll(
    of app: AppID, after position: Position
  ) async throws(LedgerReadError) {
    guard let archive = try await archive(of: app), archive.position > position else { return }
    throw .archived(app, upTo: archive.position)
  }

  /// What is missing of a page that must hold every event after a position up to another; nil:
  /// nothing.
  ///
  /// - Throws: ``LedgerReadError/archived(_:upTo:)`` where it was detached while it was read.
  public func gap(
    in events: [RecordedEvent], of app: AppID, after start: Position, upTo end: Position
  ) async throws(LedgerReadError) -> LedgerGap? {
    guard let gap = LedgerGap(in: events, of: app, after: start, upTo: end) else { return nil }
    try await requireAll(of: app, after: start)
    return gap
  }

  /// Follows an app's ledger from after a position: pages as they come, none empty, without end.
  ///
  /// - Parameters:
  ///   - signals: Wake it; without them it polls alone.
  ///   - poll: How long it waits for a signal before it looks by itself.
  ///   - limit: Events of a page at most.
  public func follow(
    _ app: AppID, after position: Position, signals: LedgerSignals = LedgerSignals(),
    poll: Duration = LedgerFollower.usualPoll, limit: Int = 1_000
  ) -> LedgerFollower {
    LedgerFollower(
      reader: self, app: app, position: position, signals: signals, poll: poll, limit: limit)
  }

  private func query(_ call: PostgresCall) async throws(LedgerReadError) -> PostgresResult {
    do {
      return try await pool.query(call.sql, call.parameters)
    } catch {
      throw .database(error)
    }
  }

  private static func read<Value>(
    _ body: () throws(PostgresError) -> Value
  ) throws(LedgerReadError) -> Value {
    do {
      return try body()
    } catch {
      throw .database(error)
    }
  }
}

/// What kind of group one is, in the chat backend's words; nil where it was never said.
public struct GroupKind: Sendable, Equatable {
  public var name: String?
  /// Where one of the same id was dissolved before it; 0 where none was.
  public var dissolvedAt: Position
}
