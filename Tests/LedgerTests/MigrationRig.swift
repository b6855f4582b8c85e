import Postgres
import TestSupport

@testable import Ledger
@testable import LedgerSQL

/// A database to migrate, and what programs of other versions would do with it.
struct MigrationRig: Sendable {
  let configuration: PostgresConfiguration
  let pool: PostgresPool

  func migrator(_ change: (inout SchemaFiles) -> Void = { _ in }) -> Migrator {
    var program = SchemaFiles.embedded
    change(&program)
    return Migrator(configuration, program: program, logger: TestDatabase.logger)
  }

  /// What is installed, with the transactions that made it: equal where nothing was touched.
  func state() async throws -> [String] {
    let rows = try await pool.query(
      """
      select t::text || t.xmin::text from ledger.migrations t
      union all select t::text || t.xmin::text from ledger.installed t
      union all select oid::regclass::text || xmin::text from pg_class where relnamespace >= 16384
      union all select oid::regprocedure::text || xmin::text from pg_proc where oid >= 16384
      union all select nspname || xmin::text from pg_namespace
      order by 1
      """)
    return try rows.map { try $0.get(0) }
  }

  /// What a query of one text answers.
  func text(_ sql: String) async throws -> String { try await pool.query(sql)[0].get(0) }
}

/// Lends an empty database and this program's migrator for it.
func withMigrator(_ body: @Sendable (Migrator, MigrationRig) async throws -> Void) async throws {
  try await withTestDatabase { url in
    let configuration = PostgresConfiguration(url, statementTimeout: .seconds(60))
    let pool = PostgresPool(configuration, limit: 2, logger: TestDatabase.logger)
    let rig = MigrationRig(configuration: configuration, pool: pool)
    try await body(rig.migrator(), rig)
    await pool.close()
  }
}

extension SchemaFiles {
  /// Adds a migration after the last.
  mutating func add(_ sql: String) {
    let number = version + 1
    migrations.append(Migration(number: number, name: "000\(number)_more.sql", sql: sql))
  }

  /// Puts other SQL in the place of a function, view or grant.
  mutating func replace(_ path: String, _ change: (String) -> String) {
    for index in objects.indices where objects[index].path == path {
      objects[index].sql = change(objects[index].sql)
    }
  }
}
