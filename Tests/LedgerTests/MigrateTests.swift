import Postgres
import TestSupport
import Testing

@testable import Ledger
@testable import LedgerSQL

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct Migrate {
    @Test func bringsAnEmptyDatabaseToTheProgramsVersion() async throws {
      try await withMigrator { migrator, database in
        let before = try await migrator.status()
        #expect(before.database == 0)
        #expect(before.pending == SQLFiles.migrations.map(\.name))
        #expect(before.outdated == SchemaFiles.embedded.objects.map(\.path))
        #expect(!before.isCurrent)
        let report = try await migrator.migrate()
        #expect(report.applied == before.pending)
        #expect(report.installed == before.outdated)
        let after = try await migrator.status()
        #expect(after.database == SQLFiles.migrations.count)
        #expect(after.isCurrent)
        try await migrator.requireCurrent()
        try await Apps(database.pool).create(LedgerRig.app)
      }
    }

    @Test func changesNothingTheSecondTime() async throws {
      try await withMigrator { migrator, database in
        try await migrator.migrate()
        let before = try await database.state()
        #expect(try await migrator.migrate().isUnchanged)
        try await migrator.requireCurrent()
        expect(try await database.state(), is: before)
      }
    }

    /// Programs that start at once on an empty database: one migrates, the others find it done.
    @Test func letsManyMigrateAtOnce() async throws {
      try await withMigrator { migrator, _ in
        async let first = migrator.migrate()
        async let second = migrator.migrate()
        async let third = migrator.migrate()
        let reports = try await [first, second, third]
        #expect(reports.filter(\.isUnchanged).count == 2)
        #expect(reports.contains { $0.applied == SQLFiles.migrations.map(\.name) })
        #expect(try await migrator.status().isCurrent)
      }
    }

    @Test func refusesANewerDatabase() async throws {
      try await withMigrator { migrator, database in
        try await migrator.migrate()
        let before = try await database.state()
        let old = database.migrator { $0.migrations.removeLast() }
        let newest = SQLFiles.migrations.count
        let wanted = MigrationError.newerDatabase(database: newest, program: newest - 1)
        expect(await failure { _ = try await old.migrate() }, is: wanted)
        expect(await failure { try await old.requireCurrent() }, is: wanted)
        #expect(
          wanted.description == """
            The database is at migration \(newest), this program knows migrations up to \
            \(newest - 1). Run a program of the database's version or a newer one.
            """)
        #expect(try await !old.status().isCurrent)
        expect(try await database.state(), is: before)
      }
    }

    @Test func refusesAnOlderDatabaseUntilItIsMigrated() async throws {
      try await withMigrator { migrator, database in
        let newest = SQLFiles.migrations.count
        expect(
          await failure { try await migrator.requireCurrent() },
          is: MigrationError.olderDatabase(database: 0, program: newest))
        try await migrator.migrate()
        let newer = database.migrator { $0.add("create table ledger.later (app text)") }
        let refused = await failure(MigrationError.self) { try await newer.requireCurrent() }
        #expect(refused == .olderDatabase(database: newest, program: newest + 1))
        #expect(
          refused?.description == """
            The database is at migration \(newest), this program needs migration \(newest + 1). \
            Run `pushledger migrate` first.
            """)
        expect(try await newer.status().pending, is: ["000\(newest + 1)_more.sql"])
        expect(try await newer.migrate().applied, is: ["000\(newest + 1)_more.sql"])
        try await newer.requireCurrent()
      }
    }

    @Test func refusesAChangedMigration() async throws {
      try await withMigrator { migrator, database in
        try await migrator.migrate()
        let before = try await database.state()
        let name = SQLFiles.migrations[0].name
        let changed = database.migrator {
          $0.migrations[0] = Migration(
            number: 1, name: name, sql: SQLFiles.migrations[0].sql + "-- Changed.\n")
          $0.add("create table ledger.later (app text)")
        }
        let wanted = MigrationError.changed(migration: name)
        expect(await failure { _ = try await changed.migrate() }, is: wanted)
        expect(await failure { try await changed.requireCurrent() }, is: wanted)
        #expect(wanted.description.hasPrefix("Migration \(name) is not the one that was applied"))
        expect(try await changed.status().changed, is: [name])
        expect(try await database.state(), is: before)
      }
    }

    @Test func leavesNothingOfWhatFailed() async throws {
      try await withMigrator { migrator, database in
        let failing = database.migrator { $0.add("create table ledger.half (x int); select 1/0") }
        let name = "000\(SQLFiles.migrations.count + 1)_more.sql"
        let refused = await failure(MigrationError.self) { _ = try await failing.migrate() }
        guard case .failed(let file, let error)? = refused else {
          Issue.record("A migration that divides by zero was applied.")
          return
        }
        #expect(file == name)
        #expect(error.sqlState == "22012")
        expect(try await migrator.status().database, is: 0)
        expect(try await database.pool.query("select from pg_namespace").count, is: 4)

        try await migrator.migrate()
        let before = try await database.state()
        let again = await failure(MigrationError.self) { _ = try await failing.migrate() }
        #expect(again?.description.hasPrefix("\(name) failed, and nothing was changed.") == true)
        expect(try await database.state(), is: before)
        try await migrator.requireCurrent()
      }
    }

    @Test func saysWhyADatabaseCannotBeAsked() async throws {
      try await withMigrator { _, database in
        let nowhere = TestDatabase.url(database.configuration.connectionString, database: "none")
        let migrator = Migrator(PostgresConfiguration(nowhere), logger: TestDatabase.logger)
        let refused = await failure(MigrationError.self) { _ = try await migrator.migrate() }
        guard case .database(let error)? = refused else {
          Issue.record("A database that is not there was migrated.")
          return
        }
        #expect(error.kind == .connectionRefused || error.kind == .cannotConnect)
      }
    }
  }
}
