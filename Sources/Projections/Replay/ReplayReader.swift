import Ledger
public import Postgres
public import PushCore

/// The events of a replay out of a ledger, page by page: all, or those that can matter to some users.
public struct ReplayReader: Sendable {
  /// Events of a page.
  static let pageLimit = 5_000

  private let reader: LedgerReader
  private let app: AppID
  private let upTo: Position
  /// Events that somebody decided to leave out of the projection.
  public let skipped: Set<Position>
  /// Where the fold begins: the app's messages before are in an archive. Nil: at the beginning.
  public let start: ReplayStart?
  /// Nil: all.
  private let positions: [Position]?
  /// Position of the last event of a whole ledger, or place of the next of ``positions``.
  private var place: Int64 = 0
  /// Events up to ``upTo``, read or not.
  public var total: Int64 { upTo }

  /// Whether events are left out because they cannot matter.
  public var isPartial: Bool { positions != nil }

  /// - Parameters:
  ///   - upTo: The last position that is folded.
  ///   - users: Whose decisions and unread counts must be right; empty: everybody's. Positions are
  ///     found through the projection; what it has not folded yet is read whole.
  /// - Throws: ``Ledger/LedgerReadError`` where messages up to that position are in an archive.
  public init(
    _ pool: PostgresPool, app: AppID, upTo: Position, users: Set<UserID> = []
  ) async throws {
    reader = LedgerReader(pool)
    self.app = app
    self.upTo = upTo
    skipped = try await Self.skipped(app, pool)
    start = try await pool.transaction { connection in
      try await connection.execute("set transaction isolation level repeatable read, read only")
      return try await SnapshotReader(app: app, connection: connection).start()
    }
    let after = start?.position ?? 0
    guard after <= upTo else { throw LedgerReadError.archived(app, upTo: after) }
    positions =
      users.isEmpty
      ? nil
      : try await RelevantPositions(pool: pool, app: app, upTo: upTo).find(for: users)?
        .filter { $0 > after }
    if positions == nil { place = after }
  }

  private static func skipped(
    _ app: AppID, _ pool: PostgresPool
  ) async throws -> Set<Position> {
    let call = SkippedEvents.call(app)
    return try SkippedEvents(try await pool.query(call.sql, call.parameters)).positions
  }

  /// The next events, in order; nil after the last.
  ///
  /// - Throws: Among others ``Ledger/LedgerGap`` where all are read and one is missing.
  public mutating func next() async throws -> [ReplayedEvent]? {
    let page: [RecordedEvent]
    if let positions {
      let end = min(Int(place) + Self.pageLimit, positions.count)
      guard place < end else { return nil }
      page = try await reader.events(of: app, at: Array(positions[Int(place)..<end]))
      place = Int64(end)
    } else {
      guard place < upTo else { return nil }
      let end = min(place + Int64(Self.pageLimit), upTo)
      page = try await reader.events(of: app, after: place, limit: Int(end - place))
      if let gap = try await reader.gap(in: page, of: app, after: place, upTo: end) { throw gap }
      place = end
    }
    return page.map(ReplayedEvent.init)
  }
}

extension ReplayReader {
  /// Recipients of a message at most, for their events to be picked out of the ledger.
  public static let recipientLimit = 20

  /// The users that a message was decided for.
  ///
  /// - Returns: Nil where they are too many, where the projection does not name all of them, or
  ///   does not know the message: then the whole ledger must be read.
  public static func recipients(
    of message: MessageID, app: AppID, _ pool: PostgresPool
  ) async throws -> Set<UserID>? {
    let rows = try await pool.query(
      """
      select m.recipients, array(
        select distinct d.user_id from notifications_v1.deliveries d
        where d.app = m.app and d.position = m.position order by 1 limit $3)
      from notifications_v1.messages m where m.app = $1 and m.message_id = $2
      """, [app.rawValue, message.rawValue, Int64(recipientLimit + 1)])
    guard let row = rows.first else { return nil }
    let users = Set(try row.array(1, of: String.self).map(UserID.init(unchecked:)))
    let recipients = Int(try row.get(0, as: Int32.self))
    return !users.isEmpty && users.count == recipients && recipients <= recipientLimit
      ? users : nil
  }
}
