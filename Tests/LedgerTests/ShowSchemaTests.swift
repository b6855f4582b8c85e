import Foundation
import Ledger
import LedgerSQL
import Postgres
import TestSupport
import Testing

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct ShowSchema {
    private static let root = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func showsReviewersWhatIsInstalled() async throws {
      let query = try Self.text("scripts/schema.sql")
      let shown = try Self.text("sql/schema.sql").split(
        separator: "\n", omittingEmptySubsequences: false)
      try await LedgerRig.run { rig in
        let rows = try await rig.pool.query(query)
        let text = try rows.map { try $0.get(0, as: String.self) + "\n" }.joined()
        let installed = text.split(separator: "\n", omittingEmptySubsequences: false)
        let missing = installed.filter { !shown.contains($0) }
        let stale = shown.filter { !installed.contains($0) }
        #expect(
          installed == shown,
          """
          sql/schema.sql is stale. Run scripts/schema and read what changes.
          \(missing.prefix(10).map { "+ \($0)" }.joined(separator: "\n"))
          \(stale.prefix(10).map { "- \($0)" }.joined(separator: "\n"))
          """)
      }
    }

    /// Whoever reads the database finds it described, functions and schemas included.
    @Test func describesEverything() async throws {
      try await LedgerRig.run { rig in
        let bare = try await rig.pool.query(
          """
          select n.nspname from pg_namespace n
          where n.oid >= 16384 and obj_description(n.oid, 'pg_namespace') is null
          union all
          select c.oid::regclass::text from pg_class c
          where c.oid >= 16384 and c.relkind in ('r', 'v')
            and c.relnamespace::regnamespace::text !~ '^pg_'
            and obj_description(c.oid, 'pg_class') is null
          union all
          select a.attrelid::regclass::text || '.' || a.attname from pg_attribute a
          join pg_class c on c.oid = a.attrelid
          where c.oid >= 16384 and c.relkind in ('r', 'v') and a.attnum > 0
            and c.relnamespace::regnamespace::text !~ '^pg_'
            and col_description(a.attrelid, a.attnum) is null
          union all
          select p.oid::regprocedure::text from pg_proc p
          where p.oid >= 16384 and obj_description(p.oid, 'pg_proc') is null
          """)
        #expect(try bare.map { try $0.get(0, as: String.self) } == [])
      }
    }

    private static func text(_ path: String) throws -> String {
      try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
  }
}
