public import Postgres
public import PushCore

/// The subscriptions of a database's apps.
///
///     take the lease ─► events after the checkpoint, noted before they go out ─► acknowledge ─┐
///            ▲                                                                                │
///            └────────────── gone without a word: they come again ◄── checkpoint moves ◄──────┘
///
/// A lease is a number that counts up: whoever takes it ends the one before, so that of two consumers
/// only one can acknowledge. It is taken from another only after its time.
public struct Subscriptions: Sendable {
  public static let perApp = 100
  public static let leaseSeconds: ClosedRange<Int64> = 5...600
  public static let usualLeaseSeconds: Int64 = 30
  /// Positions looked at for one page of events of some types.
  public static let positionsPerPage: Int64 = 10_000

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  // MARK: Keeping

  /// Creates one.
  /// - Parameter position: After which it begins; nil: the ledger's end.
  /// - Returns: False where it was there already, and the same.
  /// - Throws: ``SubscriptionError``, ``LedgerReadError/archived(_:upTo:)``, or what the database
  ///   answered.
  public func create(
    _ name: SubscriptionName, of app: AppID, types: [EventType]?, after position: Position?
  ) async throws -> Bool {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(name.rawValue)
    values.add(array: (types ?? []).map(\.rawValue).sorted())
    values.add(position)
    values.add(Int32(Self.perApp))
    let answer: String = try await pool.query(
      """
      select ledger.subscribe($1, $2, case when cardinality($3::text[]) > 0 then $3::text[] end,
        $4, $5)
      """, values)[0].get(0)
    switch answer {
    case "created": return true
    case "known": return false
    case "full": throw SubscriptionError.full
    case "beyond_head": throw SubscriptionError.beyondHead(name)
    case "archived":
      try await LedgerReader(pool).requireAll(of: app, after: position ?? 0)
      // All is back since it was asked for.
      return try await create(name, of: app, types: types, after: position)
    default: throw SubscriptionError.differs(name)
    }
  }

  /// Removes one; who reads it gets nothing more.
  /// - Throws: ``SubscriptionError/unknown(_:)``
  public func delete(_ name: SubscriptionName, of app: AppID) async throws {
    let gone = try await pool.query(
      "delete from ledger.subscriptions where app = $1 and name = $2 returning name",
      [app.rawValue, name.rawValue])
    guard !gone.isEmpty else { throw SubscriptionError.unknown(name) }
  }

  /// Those of an app, by name.
  public func list(of app: AppID) async throws -> [Subscription] {
    try await rows(of: app, name: nil)
  }

  /// - Throws: ``SubscriptionError/unknown(_:)``
  public func subscription(_ name: SubscriptionName, of app: AppID) async throws -> Subscription {
    guard let found = try await rows(of: app, name: name).first else {
      throw SubscriptionError.unknown(name)
    }
    return found
  }

  private func rows(of app: AppID, name: SubscriptionName?) async throws -> [Subscription] {
    let rows = try await pool.query(
      """
      select s.name, coalesce(s.types, '{}'), s.started_after, s.position, s.handed_out, h.position,
        coalesce(extract(epoch from clock_timestamp() - e.recorded_at), 0)::float8,
        case when s.leased_until > clock_timestamp() then s.consumer end, s.leased_until,
        s.created_at
      from ledger.subscriptions s
      join ledger.heads h on h.app = s.app
      left join ledger.events e on e.app = s.app and e.position = s.position + 1
      where s.app = $1 and ($2::text is null or s.name = $2)
      order by s.name limit $3
      """, [app.rawValue, name?.rawValue, Int64(Self.perApp)])
    return try rows.map { row in
      let consumer: String? = try row.optional(7)
      return Subscription(
        name: SubscriptionName(unchecked: try row.get(0)), types: try Self.types(row, 1),
        startedAfter: try row.get(2), position: try row.get(3), handedOut: try row.get(4),
        head: try row.get(5), lagSeconds: try row.get(6),
        holder: try consumer.map { .init(consumer: $0, until: try row.timestamp(8)) },
        createdAt: try row.timestamp(9))
    }
  }

  private static func types(_ row: PostgresRow, _ column: Int) throws -> [EventType]? {
    let types = try row.array(column, of: String.self).compactMap(EventType.init(rawValue:))
    return types.isEmpty ? nil : types
  }

  // MARK: Reading

  /// Takes the lease: of one that is free, whose time is over, or that the same consumer has.
  /// - Throws: ``SubscriptionError``, or ``LedgerReadError/archived(_:upTo:)``
  public func take(
    _ name: SubscriptionName, of app: AppID, for consumer: String, seconds: Int64
  ) async throws -> SubscriptionLease {
    let rows = try await pool.query(
      """
      update ledger.subscriptions
      set epoch = epoch + 1, handed_out = position, consumer = $3,
        leased_until = clock_timestamp() + make_interval(secs => $4)
      where app = $1 and name = $2
        and (consumer is null or consumer = $3 or leased_until <= clock_timestamp())
      returning epoch, position, coalesce(types, '{}')
      """, [app.rawValue, name.rawValue, consumer, Double(seconds)])
    guard let row = rows.first else { throw try await holding(name, app) }
    let position: Position = try row.get(1)
    try await LedgerReader(pool).requireAll(of: app, after: position)
    return SubscriptionLease(
      name: name, epoch: try row.get(0), position: position, types: try Self.types(row, 2),
      seconds: seconds)
  }

  /// Who kept a consumer out: perhaps no more, a moment later.
  private func holding(
    _ name: SubscriptionName, _ app: AppID
  ) async throws -> SubscriptionError {
    let rows = try await pool.query(
      """
      select coalesce(consumer, '-'), coalesce(leased_until, clock_timestamp())
      from ledger.subscriptions where app = $1 and name = $2
      """, [app.rawValue, name.rawValue])
    guard let row = rows.first else { return .unknown(name) }
    return .held(name, .init(consumer: try row.get(0), until: try row.timestamp(1)))
  }

  /// A page of events that may go out.
  public struct Page: Sendable {
    public var events: [RecordedEvent]
    /// The position up to which it was looked.
    public var upTo: Position
    /// Whether the ledger ended there.
    public var isAtEnd: Bool

    public init(events: [RecordedEvent], upTo: Position, isAtEnd: Bool) {
      self.events = events
      self.upTo = upTo
      self.isAtEnd = isAtEnd
    }
  }

  /// A page of events, noted as handed out.
  ///
  /// - Parameters:
  ///   - position: After which to look.
  ///   - renews: Whether to renew the lease where there is nothing to note.
  /// - Throws: ``SubscriptionError/leaseLost(_:lease:now:)``: another lease came after this one, and
  ///   the page must not go out.
  public func page(
    _ lease: SubscriptionLease, of app: AppID, after position: Position, limit: Int, renews: Bool
  ) async throws -> Page {
    let head = try await LedgerReader(pool).head(of: app)
    let last = min(head, position + Self.positionsPerPage)
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(position)
    values.add(last)
    values.add(array: (lease.types ?? []).map(\.rawValue))
    values.add(Int64(limit))
    let events =
      last <= position
      ? []
      : try EventPage.events(
        try await pool.query(
          """
          select \(EventPage.columns) from ledger.events
          where app = $1 and position > $2 and position <= $3
            and (cardinality($4::text[]) = 0 or type = any ($4))
          order by app, position limit $5
          """, values), of: app)
    let upTo = events.count == limit ? events.last?.position ?? last : max(last, position)
    if upTo > position || renews { try await note(lease, app, events.last?.position, upTo) }
    return Page(events: events, upTo: upTo, isAtEnd: upTo >= head)
  }

  /// Notes what goes out, and renews the lease. Where all that went out before is acknowledged and
  /// nothing is among what was looked at, there is nothing to acknowledge: the checkpoint moves.
  private func note(
    _ lease: SubscriptionLease, _ app: AppID, _ last: Position?, _ upTo: Position
  ) async throws {
    let passed = last == nil ? upTo : 0
    let rows = try await pool.query(
      """
      update ledger.subscriptions
      set position = case when handed_out = position then greatest(position, $5) else position end,
        handed_out = greatest(handed_out, $4,
          case when handed_out = position then $5 else 0 end),
        updated_at = case when handed_out = position and $5 > position
          then clock_timestamp() else updated_at end,
        leased_until = clock_timestamp() + make_interval(secs => $6)
      where app = $1 and name = $2 and epoch = $3 and consumer is not null
      returning epoch
      """,
      [app.rawValue, lease.name.rawValue, lease.epoch, last ?? 0, passed, Double(lease.seconds)])
    if rows.isEmpty { throw try await lost(lease.name, app, lease.epoch) }
  }

  // MARK: Acknowledging

  /// Moves the checkpoint, and renews the lease or gives it back.
  ///
  /// - Returns: The subscription as it is then.
  /// - Throws: ``SubscriptionError``; the checkpoint is where it was.
  public func acknowledge(
    _ position: Position, _ name: SubscriptionName, of app: AppID, lease: Int64, seconds: Int64,
    releases: Bool
  ) async throws -> Subscription {
    let rows = try await pool.query(
      """
      update ledger.subscriptions
      set position = $4,
        updated_at = case when position < $4 then clock_timestamp() else updated_at end,
        consumer = case when $6 then null else consumer end,
        leased_until = case when $6 then null
          else greatest(leased_until, clock_timestamp() + make_interval(secs => $5)) end
      where app = $1 and name = $2 and epoch = $3 and consumer is not null
        and $4 between position and handed_out
      returning epoch
      """,
      [app.rawValue, name.rawValue, lease, position, Double(seconds), releases])
    let known = try await subscription(name, of: app)
    guard rows.isEmpty else { return known }
    let now = try await epoch(name, app)
    guard now == lease else {
      throw SubscriptionError.leaseLost(name, lease: lease, now: now)
    }
    if position < known.position {
      throw SubscriptionError.acknowledgedFurther(position, acknowledged: known.position)
    }
    if position > known.handedOut {
      throw SubscriptionError.notHandedOut(position, handedOut: known.handedOut)
    }
    // It was given back: the same acknowledgement again changes nothing, another needs a lease.
    if position == known.position { return known }
    throw SubscriptionError.leaseLost(name, lease: lease, now: now)
  }

  private func lost(
    _ name: SubscriptionName, _ app: AppID, _ lease: Int64
  ) async throws -> SubscriptionError {
    .leaseLost(name, lease: lease, now: try await epoch(name, app))
  }

  private func epoch(_ name: SubscriptionName, _ app: AppID) async throws -> Int64 {
    let rows = try await pool.query(
      "select epoch from ledger.subscriptions where app = $1 and name = $2",
      [app.rawValue, name.rawValue])
    guard let row = rows.first else { throw SubscriptionError.unknown(name) }
    return try row.get(0)
  }
}
