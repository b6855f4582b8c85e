import Ledger
import Postgres
import PushCore

/// What devices' icons showed once the pushes before are in an archive.
///
///     1 ─ in the archive ─ archived ─ snapshot ─ push ─ push ─ message
///         of a message that stayed    └─ counted on from here ─┘
///         its own push says it
struct SnapshotBadges {
  let app: AppID
  /// Pushes up to it are not here, but for those of messages that went on later.
  let archived: Position
  /// Beyond that while more is being detached.
  let position: Position

  static func call(_ app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select a.position, c.position from pushledger.archives a
      join ledger.checkpoints c on c.app = a.app and c.projection = $2 where a.app = $1
      """, [app.rawValue, ProjectionTables.snapshot.checkpoint])
  }

  /// Nil where nothing of the app was detached.
  init?(_ app: AppID, _ result: PostgresResult) throws {
    guard let row = result.first else { return nil }
    self.app = app
    archived = try row.get(0)
    position = try row.get(1)
  }

  /// - Returns: Nil where the device was not known there.
  func badge(of key: DeviceKey, _ connection: PostgresConnection) async throws -> Int64? {
    try await connection.query(
      "select ledger.snapshot_badge($1, $2, $3)",
      [app.rawValue, key.user.rawValue, key.device.rawValue]
    ).first?.optional(0)
  }

  /// What a message found that stayed here, by the badge that its own push carried.
  ///
  /// - Returns: Nil where it was not pushed to the device, or said itself what the badge becomes.
  func found(
    on key: DeviceKey, by sent: SentMessage, _ connection: PostgresConnection
  ) async throws -> Int64? {
    let facts = sent.message.facts
    guard facts.badgeSet == nil else { return nil }
    let rows = try await connection.query(
      """
      select d.badge from pushledger.deliveries d
      where d.app = $1 and d.user_id = $2 and d.device_id = $3 and d.position = $4
        and d.badge is not null
      """, [app.rawValue, key.user.rawValue, key.device.rawValue, sent.event.position])
    return try rows.first.map { try $0.get(0, as: Int64.self) - facts.badge(after: 0) }
  }
}
