import Foundation
import Postgres

extension CommandRig {
  /// What every table holds, as a count and a sum of hashes; the tables of an empty database are
  /// none.
  func snapshot() async throws -> [String: String] {
    let tables = try await pool.query(
      """
      select format('%I.%I', n.nspname, c.relname)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')
      """)
    var snapshot: [String: String] = [:]
    for row in tables {
      let table: String = try row.get(0)
      let found = try await pool.query(
        """
        select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)
        from \(table) t
        """)
      snapshot[table] = try found[0].get(0)
    }
    return snapshot
  }

  /// The files of the rig's folder.
  func files() throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
  }

  func number(_ sql: String) async throws -> Int64 { try await pool.query(sql)[0].get(0) }
}
