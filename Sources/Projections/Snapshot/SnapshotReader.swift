import Foundation
import Ledger
import Postgres
import PushCore

/// Reads a snapshot whole, for a replay to begin at: as much memory as a replay has there anyway.
struct SnapshotReader {
  /// Users, messages and deliveries read at once.
  static let rowsPerPage: Int64 = 5_000
  /// Conversations read at once, each with all its members.
  static let conversationsPerPage: Int64 = 100

  let app: AppID
  let connection: PostgresConnection
  private let schema = ProjectionTables.snapshot.schema

  /// Reads it in the transaction of `connection`, which sees one moment.
  ///
  /// - Returns: Nil where nothing of the app was detached: its ledger is there from the beginning.
  func start() async throws -> ReplayStart? {
    let rows = try await connection.query(
      """
      select s.position, c.recorded_at
      from ledger.checkpoints s
      join pushledger.archives a on a.app = s.app
      join lateral (
        select c.recorded_at from ledger.commits c
        where c.app = s.app and c.commit_number >= a.commit_number and c.last_position >= s.position
        order by c.commit_number limit 1) c on true
      where s.app = $1 and s.projection = $2
      """, [app.rawValue, ProjectionTables.snapshot.checkpoint])
    guard let row = rows.first else { return nil }
    var state = FoldState()
    try await addUsers(to: &state)
    try await addConversations(to: &state)
    state.insert(try await messages())
    return ReplayStart(
      position: try row.get(0), recordedAt: try row.timestamp(1), state: state,
      deliveries: try await deliveries())
  }

  // MARK: Users, with their devices

  private func addUsers(to state: inout FoldState) async throws {
    var after: String?
    while true {
      let users = try await connection.query(
        """
        select \(Rows.userColumns) from \(schema).users u
        where u.app = $1 and ($2::text is null or u.user_id > $2) order by u.user_id limit $3
        """, [app.rawValue, after, Self.rowsPerPage])
      guard let last = try users.last?.get(0, as: String.self) else { return }
      let range: PostgresParameters = [app.rawValue, after, last]
      let results = try await connection.pipeline([
        PostgresCall(
          """
          select \(Rows.deviceColumns) from \(schema).devices d
          where d.app = $1 and ($2::text is null or d.user_id > $2) and d.user_id <= $3
          order by d.user_id, d.device_id
          """, range),
        PostgresCall(
          """
          select \(Rows.fallbackColumns) from \(schema).fallbacks f
          where f.app = $1 and ($2::text is null or f.user_id > $2) and f.user_id <= $3
          order by f.user_id, f.device_id, f.place
          """, range),
      ])
      try Rows.insert(users: users, devices: results[0], fallbacks: results[1], into: &state)
      after = last
    }
  }

  // MARK: Conversations, with their members

  private func addConversations(to state: inout FoldState) async throws {
    var after: String?
    while true {
      let conversations = try await connection.query(
        """
        select \(Rows.conversationColumns) from \(schema).conversations c
        where c.app = $1 and ($2::text is null or c.conversation > $2)
        order by c.conversation limit $3
        """, [app.rawValue, after, Self.conversationsPerPage])
      guard let last = try conversations.last?.get(0, as: String.self) else { return }
      for row in conversations {
        let (key, facts, sequence) = try Rows.conversation(row)
        state.insert(conversation: key, facts: facts, sequence: sequence)
      }
      let members = try await connection.query(
        """
        select \(Rows.memberColumns) from \(schema).members m
        where m.app = $1 and ($2::text is null or m.conversation > $2) and m.conversation <= $3
        """, [app.rawValue, after, last])
      for row in members {
        state.insert(
          try Rows.member(row, from: 2), UserID(unchecked: try row.get(1)),
          in: try Rows.conversationKey(row, "members"))
      }
      after = last
    }
  }

  // MARK: Messages and what is kept of their deliveries

  private func messages() async throws -> [MessageState] {
    var messages: [MessageState] = []
    while true {
      let rows = try await connection.query(
        """
        select \(Rows.messageColumns) from \(schema).messages m
        where m.app = $1 and m.position > $2 order by m.position limit $3
        """, [app.rawValue, messages.last?.position ?? 0, Self.rowsPerPage])
      messages += try rows.map(Rows.message)
      if rows.count < Self.rowsPerPage { return messages }
    }
  }

  private func deliveries() async throws -> [DeliveryTable.Delivery] {
    var deliveries: [DeliveryTable.Delivery] = []
    while true {
      let last = deliveries.last
      let rows = try await connection.query(
        """
        select \(Rows.deliveryColumns) from \(schema).deliveries d
        join \(schema).messages m on m.app = d.app and m.position = d.position
        where d.app = $1 and (d.position, d.delivery_id) > ($2, $3)
        order by d.position, d.delivery_id limit $4
        """, [app.rawValue, last?.position ?? 0, last?.id ?? Self.firstID, Self.rowsPerPage])
      deliveries += try rows.map(Rows.delivery)
      if rows.count < Self.rowsPerPage { return deliveries }
    }
  }

  private static let firstID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
