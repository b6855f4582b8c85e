import LedgerSQL
import Postgres

/// What a database says was applied to it.
struct InstalledSchema: Sendable {
  /// Checksums by number.
  var migrations: [Int: [UInt8]] = [:]
  /// Checksums by path under `sql/`.
  var objects: [String: [UInt8]] = [:]
  /// A dump holds no roles, so a restored database may lack ours.
  var lacksRoles = false

  var version: Int { migrations.keys.max() ?? 0 }

  static func read(_ connection: PostgresConnection) async throws -> InstalledSchema {
    let found = try await connection.query(
      """
      select to_regclass('ledger.migrations') is not null and \
        to_regclass('ledger.installed') is not null, \
        (select count(*) from pg_roles where rolname = any($1))
      """, [SQLFiles.roles])
    var installed = InstalledSchema()
    installed.lacksRoles = try found[0].get(1, as: Int64.self) < SQLFiles.roles.count
    guard try found[0].get(0, as: Bool.self) else { return installed }
    for row in try await connection.query("select number, sha256 from ledger.migrations") {
      installed.migrations[try row.get(0)] = try row.get(1, as: PostgresBytes.self).bytes
    }
    for row in try await connection.query("select kind, name, sha256 from ledger.installed") {
      let path = "\(try row.get(0, as: String.self))s/\(try row.get(1, as: String.self))"
      installed.objects[path] = try row.get(2, as: PostgresBytes.self).bytes
    }
    return installed
  }
}
