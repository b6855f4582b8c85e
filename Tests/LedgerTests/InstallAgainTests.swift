import Foundation
import Postgres
import TestSupport
import Testing

@testable import Ledger
@testable import LedgerSQL

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct InstallAgain {
    private static let readableViews = """
      select string_agg(c.relname, ' ' order by c.relname collate "C") from pg_class c
      where c.relkind = 'v' and c.relnamespace = 'pushledger'::regnamespace
        and has_table_privilege('pushledger_reader', c.oid, 'select')
      """
    private static let views = SQLFiles.views.map { String($0.name.dropLast(4)) }.sorted()
      .joined(separator: " ")

    @Test func installsAFunctionThatChanged() async throws {
      try await withMigrator { migrator, database in
        try await migrator.migrate()
        let newer = database.migrator {
          $0.replace("functions/position_at.sql") {
            $0.replacing("return known_position;", with: "return known_position + 0;")
          }
        }
        expect(try await newer.status().outdated, is: ["functions/position_at.sql"])
        try await newer.requireCurrent()
        let report = try await newer.migrate()
        #expect(report.applied.isEmpty)
        #expect(report.installed == ["functions/position_at.sql"])
        let body = try await database.text(
          "select prosrc from pg_proc where proname = 'position_at'")
        #expect(body.contains("known_position + 0"))
        #expect(try await newer.migrate().isUnchanged)
        expect(try await migrator.migrate().installed, is: ["functions/position_at.sql"])
      }
    }

    /// What is dropped and made anew would be everybody's, had it not its grants again.
    @Test func grantsAgainWhatIsMadeAnew() async throws {
      try await withMigrator { migrator, database in
        try await migrator.migrate()
        let newer = database.migrator {
          $0.replace("functions/pushledger_append.sql") {
            "drop function pushledger.append;\n" + $0
          }
        }
        try await newer.migrate()
        let allowed = try await database.text(
          """
          select string_agg(r.rolname, ' ' order by r.rolname collate "C") from pg_roles r
          where r.rolname like 'pushledger%' and r.rolname = any ($$\
          {pushledger_writer,pushledger_projector,pushledger_dispatcher,pushledger_reader}$$)
            and has_function_privilege(r.oid, 'pushledger.append(text, jsonb)', 'execute')
          """)
        #expect(allowed == "pushledger_writer")
      }
    }

    @Test func replacesAViewThatGainedAColumn() async throws {
      try await withMigrator { migrator, database in
        try await migrator.migrate()
        let oid = "select 'pushledger.events'::regclass::oid::text"
        let before = try await database.text(oid)
        let newer = database.migrator {
          $0.replace("views/events.sql") {
            $0.replacing("data, content\n", with: "data, content, 1 as more\n")
          }
        }
        expect(try await newer.migrate().installed, is: ["views/events.sql"])
        expect(try await database.text(oid), is: before)
        _ = try await database.pool.query("select more from pushledger.events")
        expect(try await database.text(Self.readableViews), is: Self.views)
      }
    }

    /// A view that lost a column cannot be replaced: all are made anew, and read by whom they were.
    @Test func makesViewsAnewWhereOneCannotBeReplaced() async throws {
      try await withMigrator { migrator, database in
        try await migrator.migrate()
        let newer = database.migrator {
          $0.replace("views/suppressed_counts.sql") { _ in
            "create or replace view pushledger.suppressed_counts as select 1 as one"
          }
        }
        expect(try await newer.migrate().installed, is: ["views/suppressed_counts.sql"])
        _ = try await database.pool.query("select one from pushledger.suppressed_counts")
        expect(try await database.text(Self.readableViews), is: Self.views)
        #expect(try await newer.status().isCurrent)
        try await migrator.migrate()
        _ = try await database.pool.query("select decided_at from pushledger.suppressed_counts")
        expect(try await database.text(Self.readableViews), is: Self.views)
      }
    }

    @Test func leavesEverythingWhereOneFileFails() async throws {
      try await withMigrator { migrator, database in
        try await migrator.migrate()
        let before = try await database.state()
        for path in ["functions/position_at.sql", "views/events.sql", "grants/dispatch.sql"] {
          let newer = database.migrator {
            $0.replace("functions/append.sql") { "drop function ledger.append;\n" + $0 }
            $0.replace(path) { $0 + "select nonsense;\n" }
          }
          guard
            case .failed(path, _)? = await failure(
              MigrationError.self, { try await newer.migrate() })
          else {
            Issue.record("\(path) did not fail")
            continue
          }
          expect(try await database.state(), is: before)
        }
      }
    }
  }
}

@Suite struct ListSQLFiles {
  /// A file that is not listed would never be installed.
  @Test func listsEveryFile() throws {
    let root = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    for (folder, listed) in [
      ("migrations", SQLFiles.migrations.map { [$0.name, $0.sql] }),
      ("functions", SQLFiles.functions.map { [$0.name, $0.sql] }),
      ("views", SQLFiles.views.map { [$0.name, $0.sql] }),
      ("grants", SQLFiles.grants.map { [$0.name, $0.sql] }),
      ("queries", SQLFiles.queries.map { [$0.name, $0.sql] }),
    ] {
      let path = root.appending(path: "sql/\(folder)")
      let names = try FileManager.default.contentsOfDirectory(atPath: path.path)
      #expect(Set(listed.map { $0[0] }) == Set(names))
      #expect(listed.count == names.count)
      for file in listed {
        expect(
          file[1], is: try String(contentsOf: path.appending(path: file[0]), encoding: .utf8))
      }
    }
  }

  @Test func numbersMigrationsFromOne() {
    #expect(SQLFiles.migrations.map(\.number) == Array(1...SQLFiles.migrations.count))
  }
}
