public import Postgres
public import PushCore

/// What was done in the console: entries that are added to and never change.
public struct Audit: Sendable {
  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// - Parameters:
  ///   - action: Lower-case letters and `_`, at most 64, such as `erase_user`.
  ///   - subject: To what, by its ids: an object of at most 4,096 bytes without content.
  public func record(
    _ action: String, _ subject: JSON = .object([]), by caller: APIIdentity
  ) async throws(PostgresError) {
    _ = try await pool.query(
      "insert into ledger.audit (app, key_id, action, subject) values ($1, $2, $3, $4)",
      [caller.app.rawValue, caller.keyID, action, PostgresJSONB(subject.serialized())])
  }
}
