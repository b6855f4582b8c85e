import Ledger
import Postgres
import PushCore

/// Reads what a user's page shows through the views and functions of schema `pushledger`.
struct UserReader: Sendable {
  let pool: PostgresPool

  /// - Returns: Where the ledger ends; nil where the app never spoke of the user.
  func ends(_ user: UserID, in app: AppID) async throws -> LedgerEnds? {
    let queries = UserQueries(app: app, user: user)
    let results = try await read([queries.known, queries.ends])
    guard try results[0].first?.get(0) ?? false, let row = results[1].first else { return nil }
    return LedgerEnds(
      head: try row.get(0), projected: try row.get(1), archived: try row.optional(2))
  }

  /// The last position at a moment; 0 before the first.
  func position(_ user: UserID, in app: AppID, at moment: Timestamp) async throws -> Position {
    let call = UserQueries(app: app, user: user).position(at: moment)
    return try await pool.query(call.sql, call.parameters).first?.get(0) ?? 0
  }

  /// When a position was committed; nil where its event is in an archive, and of position 0.
  func moment(_ user: UserID, in app: AppID, of position: Position) async throws -> Timestamp? {
    let call = UserQueries(app: app, user: user).moment(of: position)
    return try await pool.query(call.sql, call.parameters).first?.timestamp(0)
  }

  /// As things are.
  func now(_ user: UserID, in app: AppID) async throws -> UserFacts {
    let queries = UserQueries(app: app, user: user)
    let results = try await read([
      queries.account, queries.devicesNow, queries.tokensNow, queries.unread(at: nil),
      queries.deliveries(at: nil), queries.badges(upTo: nil),
    ])
    var facts = UserFacts()
    facts.account = try Self.account(results[0])
    let devices = try results[1].map(Self.device)
    facts.devices = Array(devices.prefix(UserQueries.devices))
    facts.hasMoreDevices = devices.count > UserQueries.devices
    facts.tokens = try results[2].map(Self.token)
    facts.hasMoreTokens = try results[2].first?.get(10) ?? false
    try Self.add(results[3], results[4], results[5], to: &facts)
    return facts
  }

  /// What is live of a page.
  func lively(_ user: UserID, in app: AppID) async throws -> UserFacts {
    let queries = UserQueries(app: app, user: user)
    let results = try await read([
      queries.devicesNow, queries.unread(at: nil), queries.deliveries(at: nil),
    ])
    var facts = UserFacts()
    let devices = try results[0].map(Self.device)
    facts.devices = Array(devices.prefix(UserQueries.devices))
    facts.hasMoreDevices = devices.count > UserQueries.devices
    try Self.add(results[1], results[2], nil, to: &facts)
    return facts
  }

  /// As things were at a position.
  ///
  /// - Parameter chosen: The one device to be shown; nil: those that were heard of last.
  func then(
    _ user: UserID, in app: AppID, at position: Position, _ chosen: DeviceID?
  ) async throws -> UserFacts {
    let queries = UserQueries(app: app, user: user)
    // What takes the longest, on a connection of its own beside the others.
    async let unread = read([queries.unread(at: position)])
    let names = try await read([queries.deviceNames(upTo: position)])[0].map {
      row throws(PostgresError) in
      let stream: String = try row.get(0)
      return (
        device: DeviceID(
          unchecked: stream.split(separator: "/").last.map { StreamName.decode(String($0)) } ?? ""),
        registration: try row.optional(1, as: Position.self)
      )
    }
    var shown = names.filter { chosen == nil || $0.device == chosen }
    shown.removeLast(max(0, shown.count - UserQueries.devicesThen))
    let isShown = Set(shown.map(\.device))
    let results = try await read([
      queries.account, queries.devices(shown.map(\.device), at: position),
      queries.tokens(shown.compactMap(\.registration), at: position),
      queries.deliveries(at: position), queries.badges(upTo: position),
    ])
    var facts = UserFacts()
    facts.account = try Self.account(results[0])
    facts.devices = try results[1].map(Self.device)
    facts.hiddenDevices = names.map(\.device).filter { !isShown.contains($0) }.map(\.rawValue)
    facts.hasMoreDevices = Int64(names.count) >= UserQueries.namesThen
    facts.tokens = try results[2].map(Self.token)
    try Self.add(try await unread[0], results[3], results[4], to: &facts)
    return facts
  }

  private func read(_ calls: [PostgresCall]) async throws -> [PostgresResult] {
    try await pool.withConnection { connection in
      Array(try await connection.pipeline([UserQueries.settings] + calls).dropFirst())
    }
  }

  // MARK: Rows

  private static func add(
    _ unread: PostgresResult, _ deliveries: PostgresResult, _ badges: PostgresResult?,
    to facts: inout UserFacts
  ) throws {
    facts.unread = try unread.map { row throws(PostgresError) in
      UserFacts.Conversation(
        group: try row.optional(0), peer: try row.optional(1), unread: try row.get(2),
        receive: try row.get(3), readPosition: try row.get(4))
    }
    facts.conversations = try unread.first?.get(5) ?? 0
    facts.unreadInAll = try unread.first?.get(6) ?? 0
    let found = try deliveries.map(delivery)
    facts.deliveries = Array(found.prefix(UserQueries.deliveries))
    facts.hasMoreDeliveries = found.count > UserQueries.deliveries
    facts.badges =
      try badges?.map { row throws(PostgresError) in
        UserFacts.BadgeMoment(
          device: try row.get(0), position: try row.get(1), badge: try row.get(2),
          at: try row.timestamp(3))
      }.reversed() ?? []
  }

  private static func account(
    _ result: PostgresResult
  ) throws(PostgresError) -> UserFacts.Account? {
    guard let row = result.first else { return nil }
    var quietHours: QuietHours?
    if let from = try row.optional(3, as: Int32.self), let to = try row.optional(4, as: Int32.self),
      let zone = try row.optional(5, as: String.self)
    {
      quietHours = QuietHours(from: Int(from), to: Int(to), timeZone: zone)
    }
    return UserFacts.Account(
      nickname: try row.optional(0), badgeSource: try row.optional(1),
      mutedUntil: try row.optionalTimestamp(2), quietHours: quietHours, isDeleted: try row.get(6))
  }

  private static func device(_ row: PostgresRow) throws(PostgresError) -> UserFacts.Device {
    let providers = try row.array(18, of: String.self)
    let hashes = try row.array(19, of: String.self)
    let valid = try row.array(20, of: Bool.self)
    return UserFacts.Device(
      device: try row.get(0), platform: try row.get(1), provider: try row.optional(2),
      tokenSHA256: try row.optional(3), topic: try row.optional(4), environment: try row.get(5),
      appVersion: try row.optional(6), locale: try row.optional(7),
      settings: DeviceSettings(
        push: try row.optional(8), c2cSound: try row.optional(9), groupSound: try row.optional(10),
        videoSound: try row.optional(11)),
      state: try row.optional(12), stateSince: try row.optionalTimestamp(16),
      badge: try row.optional(17), registeredAt: try row.timestamp(13),
      credential: try row.optional(14), activeAt: try row.timestamp(15),
      ways: zip(zip(providers, hashes), valid).map {
        UserFacts.Way(provider: $0.0, tokenSHA256: $0.1, isValid: $1)
      })
  }

  private static func token(_ row: PostgresRow) throws(PostgresError) -> UserFacts.Token {
    UserFacts.Token(
      device: try row.get(0), place: try row.get(1), provider: try row.get(2),
      sha256: try row.get(3), appVersion: try row.optional(4), sincePosition: try row.get(5),
      sinceAt: try row.timestamp(6), untilAt: try row.optionalTimestamp(7),
      endedBy: try row.optional(8), endedReason: try row.optional(9))
  }

  private static func delivery(_ row: PostgresRow) throws(PostgresError) -> UserFacts.Delivery {
    UserFacts.Delivery(
      message: try row.get(0), position: try row.get(1), device: try row.optional(2),
      provider: try row.optional(3), status: try row.get(4), reason: try row.optional(5),
      badge: try row.optional(6), attempts: try row.get(7), outcome: try row.optional(8),
      decidedAt: try row.timestamp(9), isDelivered: try row.get(10), isOpened: try row.get(11),
      isNotShown: try row.get(12))
  }
}
