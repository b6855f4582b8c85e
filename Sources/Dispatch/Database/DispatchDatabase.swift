import Ledger
import Postgres
import PushCore

import struct Foundation.UUID

/// What a dispatcher asks of the database: one function of schema `dispatch` each.
struct DispatchDatabase: Sendable {
  /// Pairs of app and provider looked at in one poll.
  static let appsPerPoll = 10_000
  /// Expired deliveries recorded at once.
  static let expiredRows = 500

  let pool: PostgresPool
  /// The dispatcher's name.
  let dispatcher: String
  let lease: Duration
  /// What secrets of credentials are opened with; nil: those stay closed.
  var masterKeys: MasterKeys?

  private var leaseSeconds: Double { Double(lease.wholeMicroseconds) / 1_000_000 }

  // MARK: Lanes

  /// A lane taken, and what its last holder may have sent without recording it.
  struct TakenLane: Sendable {
    var id: HeldLaneID
    /// Nil where the lane was given back.
    var lostDispatcher: String?
    var lost: [UnrecordedDelivery] = []
  }

  /// A due delivery of which an attempt is to be recorded that sends nothing.
  struct UnrecordedDelivery: Sendable {
    var lane: Int16
    var provider: ProviderName
    var key: RowKey
    var device: DeviceKey
    var message: MessageID
    var attempts: Int
  }

  func takeLanes(
    of app: AppID, providers: [ProviderName], held: [Int16]
  ) async throws -> [TakenLane] {
    let result = try await pool.query(
      """
      select lane, epoch, lost_dispatcher, delivery_id is not null, provider, "position",
        delivery_id, user_id, device_id, message_id, attempts
      from dispatch.take_lanes($1, $2, $3, $4, $5)
      """, [app.rawValue, dispatcher, providers.map(\.rawValue), held, leaseSeconds])
    var lanes: [HeldLaneID: TakenLane] = [:]
    for row in result {
      let id = HeldLaneID(lane: try row.get(0), epoch: try row.get(1))
      var lane = try lanes[id] ?? TakenLane(id: id, lostDispatcher: row.optional(2))
      if try row.get(3, as: Bool.self), let lost = try Self.unrecorded(row, from: 4, lane: id.lane)
      {
        lane.lost.append(lost)
      }
      lanes[id] = lane
    }
    return lanes.values.sorted { $0.id.lane < $1.id.lane }
  }

  /// A lane as it was renewed.
  struct RenewedLane: Sendable {
    var app: AppID
    var lane: Int16
    /// Lanes that the app has.
    var appLanes: Int
    /// Dispatchers that would hold some of them.
    var dispatchers: Int
  }

  /// - Returns: Those of the lanes that are still held.
  func renew(_ lanes: [(app: AppID, id: HeldLaneID)]) async throws -> [RenewedLane] {
    let result = try await pool.query(
      "select app, lane, app_lanes, dispatchers from dispatch.renew_lanes($1, $2, $3, $4, $5)",
      [
        dispatcher, lanes.map(\.app.rawValue), lanes.map(\.id.lane), lanes.map(\.id.epoch),
        leaseSeconds,
      ])
    return try result.map { row in
      RenewedLane(
        app: AppID(unchecked: try row.get(0)), lane: try row.get(1),
        appLanes: Int(try row.get(2, as: Int32.self)),
        dispatchers: Int(try row.get(3, as: Int32.self)))
    }
  }

  func release(_ lanes: [HeldLaneID], of app: AppID, leaves: Bool) async throws {
    _ = try await pool.query(
      "select dispatch.release_lanes($1, $2, $3, $4, $5)",
      [app.rawValue, dispatcher, lanes.map(\.lane), lanes.map(\.epoch), leaves])
  }

  // MARK: Reading

  /// The database's clock.
  func clock() async throws -> Timestamp {
    let result = try await pool.query("select clock_timestamp()")
    guard let row = result.first else {
      throw PostgresError(.decoding, message: "The clock answered no row.")
    }
    return try row.timestamp(0)
  }

  /// The apps that have anything due, with the providers that it goes through.
  func appsDue() async throws -> [AppID: [ProviderName]] {
    let result = try await pool.query(
      "select app, provider from dispatch.apps_due($1)", [Int32(Self.appsPerPoll)])
    var apps: [AppID: [ProviderName]] = [:]
    for row in result {
      guard let provider = ProviderName(rawValue: try row.get(1)) else { continue }
      apps[AppID(unchecked: try row.get(0)), default: []].append(provider)
    }
    return apps
  }

  func expired(in lanes: [Int16], of app: AppID) async throws -> [UnrecordedDelivery] {
    let result = try await pool.query(
      """
      select lane, provider, "position", delivery_id, user_id, device_id, message_id, attempts
      from dispatch.list_expired($1, $2, $3)
      """, [app.rawValue, lanes, Int32(Self.expiredRows)])
    return try result.compactMap { row in
      try Self.unrecorded(row, from: 1, lane: try row.get(0))
    }
  }

  /// What is due and lacks something, by app, provider, topic and environment.
  func countDue() async throws -> [DueCount] {
    let result = try await pool.query(
      """
      select app, provider, topic, environment, credential_id, due from pushledger.due_routes
      """)
    return try result.compactMap { row in
      guard let provider = ProviderName(rawValue: try row.get(1)) else { return nil }
      return DueCount(
        route: RouteKey(
          app: AppID(unchecked: try row.get(0)), provider: provider, topic: try row.optional(2),
          environment: try row.environment(3), credential: try row.optional(4)),
        deliveries: try row.get(5))
    }
  }

  struct DueCount: Sendable {
    var route: RouteKey
    var deliveries: Int
  }

  func credentials() async throws -> [LoadedCredential] {
    try await ProviderCredentials(pool, keys: masterKeys).load()
  }

  /// What is paused, of all apps.
  func pauses() async throws -> [DispatchPause] { try await DispatchPauses(pool).list() }

  /// Wakes the ledger's readers.
  func announce(_ app: AppID) async throws {
    _ = try await pool.query(
      "select pg_notify($1, $2)", [LedgerChannels.events, app.rawValue])
  }

  private static func unrecorded(
    _ row: PostgresRow, from column: Int, lane: Int16
  ) throws -> UnrecordedDelivery? {
    guard let provider = ProviderName(rawValue: try row.get(column)) else { return nil }
    return UnrecordedDelivery(
      lane: lane, provider: provider,
      key: RowKey(position: try row.get(column + 1), delivery: try row.get(column + 2)),
      device: DeviceKey(
        user: UserID(unchecked: try row.get(column + 3)),
        device: DeviceID(unchecked: try row.get(column + 4))),
      message: MessageID(unchecked: try row.get(column + 5)),
      attempts: Int(try row.get(column + 6, as: Int32.self)))
  }
}

extension PostgresRow {
  /// Production where the device is gone.
  func environment(_ column: Int) throws(PostgresError) -> PushEnvironment {
    try optional(column, as: String.self).flatMap { PushEnvironment(rawValue: $0) } ?? .production
  }
}
