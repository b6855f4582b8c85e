import Ledger
public import Postgres
public import PushCore

import struct Foundation.UUID

/// Reads histories that lie in several streams, merged in the order of the ledger.
///
///     user/U ─┐
///     device/U/… ─┼─► by position, a page ─► entries
///     group events of U ─┤
///     messages, from the projection ─┘
public struct TimelineReader: Sendable {
  /// Entries of one page at most.
  public static let maximumLimit = 1_000
  public static let usualLimit = 100
  /// Devices of a user whose streams are read, at most.
  static let streamsLimit: Int64 = 1_000

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// Which way a page lies.
  public enum Place: Sendable, Equatable {
    /// The last ones before a position.
    case before(Position)
    /// The first ones after a position.
    case after(Position)
  }

  /// Where entries come from. The projection may be behind the ledger, so whoever follows keeps a
  /// place in each.
  public enum Source: Sendable, CaseIterable {
    case events, messages
  }

  /// A part of a history.
  public struct Page: Sendable {
    /// Oldest first.
    public var entries: [TimelineEntry]
    /// Whether there are more in the page's direction.
    public var hasMore: Bool
    /// Up to where the page lacks messages and what became of them: they are in the app's archive.
    /// Nil where it lacks none.
    public var archivedUpTo: Position?
  }

  /// - Parameter limit: 1 to ``maximumLimit``.
  /// - Throws: ``ExplainError/archived(_:)`` of a message, or ``Postgres/PostgresError``.
  public func page(
    _ subject: TimelineSubject, of app: AppID, _ place: Place, limit: Int,
    from sources: [Source] = Source.allCases
  ) async throws -> Page {
    let limit = min(max(limit, 1), Self.maximumLimit)
    return try await pool.withConnection { connection in
      let query = TimelineQuery(
        app: app, connection: connection, subject: subject, place: place, limit: limit + 1)
      var found: [Position: TimelineEntry] = [:]
      if sources.contains(.events) { try await query.addEvents(to: &found) }
      if sources.contains(.messages) { try await query.addMessages(to: &found) }
      var entries = found.values.sorted { $0.position < $1.position }
      let hasMore = entries.count > limit
      switch place {
      case .before: entries = Array(entries.suffix(limit))
      case .after: entries = Array(entries.prefix(limit))
      }
      try await Self.addOwners(to: &entries, of: app, connection)
      let archive = try await Self.archive(of: app, subject, connection)
      let first =
        switch place {
        case .before: hasMore ? entries.first?.position ?? 0 : 0
        case .after(let position): position
        }
      return Page(
        entries: entries, hasMore: hasMore, archivedUpTo: archive.flatMap { first < $0 ? $0 : nil })
    }
  }

  /// Where the app's archive ends; nil where a history lacks nothing.
  private static func archive(
    of app: AppID, _ subject: TimelineSubject, _ connection: PostgresConnection
  ) async throws -> Position? {
    var calls = [LedgerArchive.call(of: app)]
    guard case .message(let id) = subject else {
      return try LedgerArchive(try await connection.pipeline(calls)[0])?.position
    }
    calls.append(ArchivedMessage.call(id, of: app))
    let results = try await connection.pipeline(calls)
    if let message = try ArchivedMessage(id, results[1]) { throw ExplainError.archived(message) }
    return nil
  }

  /// Events as entries, receipts with the device whose they are.
  public func entries(_ events: [RecordedEvent], of app: AppID) async throws -> [TimelineEntry] {
    try await pool.withConnection { connection in
      var entries = events.map { TimelineEntry($0) }
      try await Self.addOwners(to: &entries, of: app, connection)
      return entries
    }
  }

  /// How far the projection has come.
  public func projected(_ app: AppID) async throws -> Position {
    try await pool.query(
      """
      select position from pushledger.projection_status
      where app = $1 and serves and projection = $2
      """, [app.rawValue, ProjectionTables.projection]
    ).first?.get(0) ?? 0
  }

  private static func addOwners(
    to entries: inout [TimelineEntry], of app: AppID, _ connection: PostgresConnection
  ) async throws {
    let ids = Set(entries.compactMap { $0.body?.receiptOf?.deliveryID })
    guard !ids.isEmpty else { return }
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: Array(ids))
    let rows = try await connection.query(
      """
      select d.delivery_id, d.user_id, d.device_id from unnest($2::uuid[]) as wanted (delivery_id)
      join pushledger.deliveries d on d.app = $1 and d.delivery_id = wanted.delivery_id
      where d.device_id is not null
      """, values)
    var owners: [UUID: DeviceKey] = [:]
    for row in rows {
      owners[try row.get(0)] = DeviceKey(
        user: UserID(unchecked: try row.get(1)), device: DeviceID(unchecked: try row.get(2)))
    }
    for index in entries.indices {
      if let id = entries[index].body?.receiptOf?.deliveryID { entries[index].owner = owners[id] }
    }
  }
}
