import LedgerSQL
import Postgres

/// What a database says was applied to it.
struct InstalledSchema: Sendable {
  /// Checksums by number.
  var migrations: [Int: [UInt8]] = [:]
  /// Checksums by path under `sql/`.
  var objects: [String: [UInt8]] = [:]
  /// The functions and views that are there, with their schemas.
  var present: Set<String> = []
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
    let names = try await connection.query(
      """
      select n.nspname || '.' || o.name from (
        select p.proname as name, p.pronamespace as schema from pg_proc p
        union all
        select c.relname, c.relnamespace from pg_class c where c.relkind = 'v') o
      join pg_namespace n on n.oid = o.schema
      where n.nspname not in ('pg_catalog', 'information_schema')
      """)
    installed.present = Set(try names.map { try $0.get(0, as: String.self) })
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
