public import Postgres
public import PushCore

public import struct Foundation.UUID

/// What an erasure takes, or took.
public struct ErasureCounts: Sendable, Equatable {
  /// Events by their type, those with the most first.
  public var events: [(type: String, count: Int64)]

  public var total: Int64 { events.reduce(0) { $0 + $1.count } }

  public static func == (left: ErasureCounts, right: ErasureCounts) -> Bool {
    left.events.elementsEqual(right.events) { $0 == $1 }
  }
}

/// How far an erasure is.
public struct ErasureProgress: Sendable, Equatable {
  /// Events that lost their content.
  public var erased: Int64 = 0
  /// Events that say so: each names at most ``PushCore/Limits/positionsPerErasure``.
  public var events: Int64 = 0
  /// Position of the last of those; nil while there is none.
  public var position: Position?
  /// Where to go on.
  public var place: ErasurePlace

  /// Whether all of it was looked at.
  public var isFinished: Bool { place.said >= place.upTo && place.known >= place.upTo }
  /// How much of the ledger was looked at, from 0 to 100.
  public var percent: Int64 {
    (min(place.said, place.upTo) + place.known) * 50 / max(place.upTo, 1)
  }
}

/// How far an erasure looked: what was said goes first, then names and tokens.
public struct ErasurePlace: Sendable, Equatable {
  /// Names the erasure in all its events.
  public var id: UUID
  /// The ledger's end as it began.
  public var upTo: Position
  public var said: Position
  public var known: Position

  init(id: UUID, upTo: Position, said: Position = 0, known: Position = 0) {
    self.id = id
    self.upTo = upTo
    self.said = said
    self.known = known
  }

  /// For whoever is to ask for the rest of what the erasure is of.
  public func text(of scope: Erasure.Scope) -> String {
    "\(said).\(known).\(upTo).\(id.uuidString.lowercased()).\(Self.mark(scope))"
  }

  /// Reads ``text(of:)``; nil where it is none, or another scope's.
  public init?(text: String, of scope: Erasure.Scope) {
    let parts = text.split(separator: ".", maxSplits: 4)
    guard parts.count == 5, parts[4] == Self.mark(scope), let said = Position(parts[0]),
      let known = Position(parts[1]),
      let upTo = Position(parts[2]), let id = UUID(uuidString: String(parts[3])), upTo >= 0,
      said >= 0, 0...upTo ~= known, known == 0 || said >= upTo
    else { return nil }
    self.init(id: id, upTo: upTo, said: said, known: known)
  }

  /// Tells scopes apart, and names nobody: the first 8 hex digits of a SHA-256.
  private static func mark(_ scope: Erasure.Scope) -> String {
    let text =
      switch scope {
      case .user(let user): "user \(user)"
      case .message(let message): "message \(message)"
      case .before(let moment): "before \(moment)"
      }
    return Hex.encode(Array(EventDigest.sha256(Array(text.utf8)).prefix(4)))
  }
}

/// Takes content out of a ledger: in steps, each a transaction that appends the event which says so.
/// What was broken off is simply started again.
public struct Eraser: Sendable {
  /// How far a client's clock may be ahead. What was recorded before a moment that is still to come
  /// is no scope: what is yet to be written would be meant.
  public static let clockSkew = Duration.seconds(60)

  /// For statements that read a whole ledger or vacuum a table, whatever the session's limit is.
  static let wholeLedgerTimeout = Duration.seconds(86_400)

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// What an erasure would take now.
  public func count(
    _ scope: Erasure.Scope, in app: AppID
  ) async throws(LedgerReadError) -> ErasureCounts {
    let head = try await LedgerReader(pool).head(of: app)
    var values = Self.parameters(app, scope)
    values.add(head)
    let result = try await query(
      """
      select e.type, count(*) from unnest(array[false, true]) as k (known)
      cross join lateral ledger.erasable($1, $2, $3, case when $4::timestamptz is not null then
        pushledger.position_at($1, $4::timestamptz - interval '1 microsecond') end, k.known, 0, $5,
        2147483647) e
      group by e.type order by 2 desc, 1
      """, values, timeout: Self.wholeLedgerTimeout)
    do throws(PostgresError) {
      var counts = ErasureCounts(events: [])
      for row in result { counts.events.append((try row.get(0), try row.get(1))) }
      return counts
    } catch {
      throw .database(error)
    }
  }

  /// Erases what is there when it begins, and what the user whom it concerns says meanwhile.
  ///
  /// - Parameters:
  ///   - reason: At most ``PushCore/Limits/reasonBytes``; it stays in the ledger, and so must hold
  ///     nothing personal.
  ///   - place: Where one that stopped is to go on; nil: from the beginning.
  ///   - limit: After so long it stops between two steps; nil: at its end.
  ///   - progress: Called after every step.
  /// - Throws: ``LedgerReadError``; what was erased before stays erased.
  public func run(
    _ scope: Erasure.Scope, in app: AppID, reason: String?, from place: ErasurePlace? = nil,
    within limit: Duration? = nil, progress report: @Sendable (ErasureProgress) -> Void = { _ in }
  ) async throws(LedgerReadError) -> ErasureProgress {
    let head = try await LedgerReader(pool).head(of: app)
    var progress = ErasureProgress(place: place ?? ErasurePlace(id: UUID(), upTo: head))
    progress.place.upTo = min(progress.place.upTo, head)
    progress.place.said = min(progress.place.said, head)
    let start = ContinuousClock.now
    while !progress.isFinished {
      if Task.isCancelled { throw .database(PostgresError(.cancelled, message: "Cancelled.")) }
      var values = Self.parameters(app, scope)
      values.add(reason)
      values.add(progress.place.id)
      values.add(progress.place.upTo)
      values.add(progress.place.said)
      values.add(progress.place.known)
      let result = try await query(
        """
        select said_after, known_after, erased, event_position
        from ledger.erase($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """, values)
      do throws(PostgresError) {
        guard let row = result.first else { break }
        progress.place.said = try row.get(0)
        progress.place.known = try row.get(1)
        progress.erased += Int64(try row.get(2, as: Int32.self))
        if let position: Position = try row.optional(3) {
          progress.events += 1
          progress.position = position
        }
      } catch {
        throw .database(error)
      }
      report(progress)
      if let limit, start.duration(to: .now) > limit { break }
    }
    return progress
  }

  /// The tables in which an erasure leaves dead rows behind, whose bytes stay on disk until they are
  /// vacuumed.
  public func vacuumed() async throws(LedgerReadError) -> [String] {
    let result = try await query(
      """
      select t.name from unnest($1::text[]) with ordinality as t (name, place)
      where to_regclass(t.name) is not null order by t.place
      """, Self.erasedTables)
    do throws(PostgresError) {
      return try result.map { row throws(PostgresError) in try row.get(0) }
    } catch {
      throw .database(error)
    }
  }

  private static var erasedTables: PostgresParameters {
    let tables = ["messages", "users", "conversations", "members", "devices", "fallbacks"]
    var values = PostgresParameters()
    values.add(
      array: ["ledger.events"]
        + ["notifications_v1", "notifications_v1_snapshot"].flatMap { schema in
          tables.map { "\(schema).\($0)" }
        })
    return values
  }

  /// Vacuums them; it takes as long as reading them.
  public func vacuum() async throws(LedgerReadError) {
    for table in try await vacuumed() {
      _ = try await query(
        "vacuum \(table)", PostgresParameters(), timeout: Self.wholeLedgerTimeout)
    }
  }

  private static func parameters(_ app: AppID, _ scope: Erasure.Scope) -> PostgresParameters {
    var values = PostgresParameters()
    values.add(app.rawValue)
    switch scope {
    case .user(let user):
      values.add(user.rawValue)
      values.add(String?.none)
      values.add(PostgresTimestamp?.none)
    case .message(let message):
      values.add(String?.none)
      values.add(message.rawValue)
      values.add(PostgresTimestamp?.none)
    case .before(let moment):
      values.add(String?.none)
      values.add(String?.none)
      values.add(PostgresTimestamp(microseconds: moment.microseconds))
    }
    return values
  }

  private func query(
    _ sql: String, _ values: PostgresParameters, timeout: Duration? = nil
  ) async throws(LedgerReadError) -> PostgresResult {
    do {
      return try await pool.query(sql, values, timeout: timeout)
    } catch {
      throw .database(error)
    }
  }
}
