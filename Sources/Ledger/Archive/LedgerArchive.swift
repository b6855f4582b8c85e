public import Postgres
public import PushCore

/// An archive that messages of an app's ledger were detached to.
///
/// Up to ``position`` the database lacks messages, attempts and receipts, but for those of messages
/// that went on later: they are in the archive's files. Everything else is there.
public struct LedgerArchive: Sendable, Equatable {
  /// The last position that it holds.
  public var position: Position
  /// The commit that ends there.
  public var commit: Int64
  /// Hash chain there.
  public var chain: [UInt8]
  /// Where it was written to, as it was named.
  public var folder: String
  /// When its last commit was recorded.
  public var recordedAt: Timestamp

  /// The statement that ``init(_:)`` reads.
  public static func call(of app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select a.position, a.commit_number, a.chain, a.folder, a.recorded_at
      from pushledger.archives a where a.app = $1
      """, [app.rawValue])
  }

  /// Nil where nothing of the app was detached.
  public init?(_ result: PostgresResult) throws(PostgresError) {
    guard let row = result.first else { return nil }
    position = try row.get(0)
    commit = try row.get(1)
    chain = try row.get(2, as: PostgresBytes.self).bytes
    folder = try row.get(3)
    recordedAt = try row.timestamp(4)
  }

  /// - Returns: Nil where nothing of the app was detached.
  public static func find(
    of app: AppID, _ pool: PostgresPool
  ) async throws(PostgresError) -> LedgerArchive? {
    let call = call(of: app)
    return try LedgerArchive(try await pool.query(call.sql, call.parameters))
  }
}
