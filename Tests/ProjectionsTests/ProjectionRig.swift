import Foundation
import Ledger
import Logging
import Postgres
import PushCore
import TestSupport

@testable import Projections

/// A migrated database, an app, and what is needed to append to it and to fold it.
struct ProjectionRig: Sendable {
  let url: String
  let pool: PostgresPool
  let app: AppID

  static func run(
    app: AppID = RandomHistory.app, _ body: @Sendable (ProjectionRig) async throws -> Void
  ) async throws {
    try await withTestDatabase { url in
      let configuration = PostgresConfiguration(url, statementTimeout: .seconds(120))
      _ = try await Migrator(configuration, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(configuration, limit: 4, logger: TestDatabase.logger)
      let rig = ProjectionRig(url: url, pool: pool, app: app)
      try await rig.create(app)
      try await body(rig)
      await pool.close()
    }
  }

  func create(_ app: AppID) async throws {
    _ = try await pool.query("select ledger.create_app($1)", [app.rawValue])
  }

  func append(_ events: [NewEvent], to app: AppID? = nil) async throws {
    let app = app ?? self.app
    for start in stride(from: 0, to: events.count, by: 1_000) {
      let chunk = Array(events[start..<min(start + 1_000, events.count)])
      let call = AppendStatement.call(chunk, to: app)
      _ = try await pool.query(call.sql, call.parameters)
    }
  }

  func projector(batch: Int = 1_000) -> Projector {
    var configuration = Projector.Configuration()
    configuration.eventsPerBatch = batch
    return Projector(
      pool: pool, listener: nil, configuration: configuration, logger: TestDatabase.logger)
  }

  /// Folds what is there with a projector of its own.
  func project(_ app: AppID, batch: Int) async throws {
    let projector = projector(batch: batch)
    try await projector.catchUp(app)
    try await projector.release()
  }

  func checkpoint() async throws -> Position {
    try await pool.query(
      "select position from ledger.checkpoints where app = $1", [app.rawValue])[0].get(0)
  }

  /// Unread counts as `{user: {conversation: count}}` without zeros.
  func unread(_ app: AppID? = nil) async throws -> [String: Int64] {
    let rows = try await pool.query(
      """
      select m.user_id, m.conversation,
        pushledger.unread_count(c.sequence, m.read_sequence, m.adjustment, m.frozen_at)
      from notifications_v1.members m
      join notifications_v1.conversations c
        on c.app = m.app and c.conversation = m.conversation
      where m.app = $1
      """, [(app ?? self.app).rawValue])
    var counts: [String: Int64] = [:]
    for row in rows {
      let count: Int64 = try row.get(2)
      guard count > 0 else { continue }
      let user: String = try row.get(0)
      let name: String = try row.get(1)
      counts[Self.key(UserID(unchecked: user), ConversationKey(storedName: name))] = count
    }
    return counts
  }

  /// What the pure fold says, in the same form.
  static func unread(_ state: FoldState) -> [String: Int64] {
    var counts: [String: Int64] = [:]
    for user in state.users.keys.map(\.self)
      + Array(Set(state.conversations.values.flatMap(\.members.keys)))
    {
      for (conversation, count) in state.unread(of: user) {
        counts[key(user, conversation)] = count
      }
    }
    return counts
  }

  /// Hexadecimal, so that texts which Swift takes for equal stay apart.
  private static func key(_ user: UserID, _ conversation: ConversationKey?) -> String {
    Hex.encode(user.rawValue.utf8) + " " + Hex.encode((conversation?.storedName ?? "").utf8)
  }

  struct DeliveryRow: Equatable {
    var status: String
    var reason: String?
    var badge: Int64?
    var attempts: Int64
    var provider: String?
  }

  func deliveries(_ app: AppID? = nil) async throws -> [UUID: DeliveryRow] {
    let rows = try await pool.query(
      """
      select delivery_id, status, reason, badge, attempts, provider from notifications_v1.deliveries
      where app = $1 and status <> 'suppressed'
      """, [(app ?? self.app).rawValue])
    var found: [UUID: DeliveryRow] = [:]
    for row in rows {
      found[try row.get(0)] = DeliveryRow(
        status: try row.get(1), reason: try row.optional(2), badge: try row.optional(3),
        attempts: Int64(try row.get(4, as: Int32.self)), provider: try row.optional(5))
    }
    return found
  }

  /// What is due, by which provider. What is due by two would be lost in one.
  func due(_ app: AppID? = nil) async throws -> [UUID: String] {
    let rows = try await pool.query(
      "select delivery_id, provider from dispatch.due where app = $1",
      [(app ?? self.app).rawValue])
    return try rows.reduce(into: [:]) { found, row in
      let id: UUID = try row.get(0)
      let provider: String = try row.get(1)
      found[id] = found[id].map { $0 + "," + provider } ?? provider
    }
  }

  /// A device's other ways, the best first.
  func fallbacks(_ user: UserID, _ device: DeviceID, _ app: AppID) async throws -> [String] {
    let rows = try await pool.query(
      """
      select provider, token_sha256, token_valid::text from notifications_v1.fallbacks
      where app = $1 and user_id = $2 and device_id = $3 order by place
      """, [app.rawValue, user.rawValue, device.rawValue])
    return try rows.map { row in
      try (0..<3).map { try row.get($0, as: String.self) }.joined(separator: " ")
    }
  }

  func device(_ user: UserID, _ device: DeviceID, _ app: AppID) async throws -> [String]? {
    let rows = try await pool.query(
      """
      select badge::text, coalesce(activity, '-'), token_valid::text, logged_out::text,
        coalesce(token_sha256, '-'), coalesce(provider, '-'), coalesce(push::text, '-'),
        offline::text, coalesce(kicked_at::text, '-')
      from notifications_v1.devices where app = $1 and user_id = $2 and device_id = $3
      """, [app.rawValue, user.rawValue, device.rawValue])
    return try rows.first.map { row in try (0..<9).map { try row.get($0) } }
  }

  /// A user's tags and attributes, and whether the account was deleted, as text.
  func labels(_ user: UserID, _ app: AppID) async throws -> String? {
    let rows = try await pool.query(
      """
      select tags, attributes, deleted from notifications_v1.users where app = $1 and user_id = $2
      """, [app.rawValue, user.rawValue])
    return try rows.first.map { row in
      let deleted: Bool = try row.get(2)
      guard let json = try row.optional(1, as: PostgresJSONB.self) else { return "- \(deleted)" }
      let attributes = try JSON.parse(json.bytes).members ?? []
      let pairs = attributes.map { ($0.key, $0.value.string ?? "") }.sorted { $0 < $1 }
      return "\(try row.array(0, of: String.self)) \(pairs) \(deleted)"
    }
  }
}
