import Crypto
import LedgerSQL
public import Logging
public import Postgres
import PushCore

/// Brings a database to the state that this program needs.
///
///     lock ─► applied migrations = the program's first n? ─► the rest, in order
///          ─► functions, views, grants that changed ─► commit
///
/// All of it is one transaction under an advisory lock: two programs that start at once do it one
/// after the other, and what fails leaves the database as it was.
public struct Migrator: Sendable {
  /// How long a migrator waits for another one, or for a table in use.
  public static let lockTimeout = Duration.seconds(120)
  /// Advisory locks are numbers; this one is ours in every database.
  static let lockKey: Int64 = 0x7075_7368_6C65_6467
  /// SQLSTATE of a view that cannot be replaced in place.
  private static let invalidTableDefinition = "42P16"

  private let configuration: PostgresConfiguration
  private let program: SchemaFiles
  private let logger: Logger

  public init(_ configuration: PostgresConfiguration, logger: Logger) {
    self.init(configuration, program: .embedded, logger: logger)
  }

  init(_ configuration: PostgresConfiguration, program: SchemaFiles, logger: Logger) {
    var configuration = configuration
    configuration.statementTimeout = nil
    self.configuration = configuration
    self.program = program
    self.logger = logger
  }

  /// Applies what is missing. A database that has everything stays untouched.
  ///
  /// The connection's user owns what is created; it needs the right to create schemas, and roles
  /// where ours are missing.
  /// - Throws: ``MigrationError``; the database is as it was.
  @discardableResult
  public func migrate() async throws(MigrationError) -> MigrationReport {
    try await connected { connection in
      try await connection.transaction { connection in
        try await lock(connection)
        let installed = try await InstalledSchema.read(connection)
        try check(installed)
        let pending = program.pending(installed)
        for migration in pending { try await apply(migration, connection) }
        let changed = try await install(installed, all: !pending.isEmpty, connection)
        return MigrationReport(applied: pending.map(\.name), installed: changed)
      }
    }
  }

  /// What the database has, against what the program needs. Changes nothing.
  public func status() async throws(MigrationError) -> SchemaStatus {
    try await connected { connection in
      SchemaStatus(program: program, installed: try await InstalledSchema.read(connection))
    }
  }

  /// Makes sure that the database has every migration of this program and none of a newer one.
  ///
  /// - Throws: ``MigrationError/olderDatabase(database:program:)``,
  ///   ``MigrationError/newerDatabase(database:program:)``,
  ///   ``MigrationError/changed(migration:)``, or why the database could not be asked.
  public func requireCurrent() async throws(MigrationError) {
    try await connected { connection in
      let installed = try await InstalledSchema.read(connection)
      try check(installed)
      guard program.pending(installed).isEmpty else {
        throw MigrationError.olderDatabase(database: installed.version, program: program.version)
      }
      // Of two versions side by side, as in an upgrade, one finds the other's.
      let others = program.outdated(installed).map(\.path)
      if !others.isEmpty {
        logger.warning(
          "Functions or views of another version are installed; `pushledger migrate` brings this one's",
          metadata: ["files": "\(others.joined(separator: " "))"])
      }
    }
  }

  private func lock(_ connection: PostgresConnection) async throws {
    let milliseconds = Self.lockTimeout.wholeMicroseconds / 1000
    do throws(PostgresError) {
      try await connection.execute(
        "set local lock_timeout = \(milliseconds); select pg_advisory_xact_lock(\(Self.lockKey))")
    } catch {
      throw error.kind == .lockNotAvailable ? MigrationError.locked : .database(error)
    }
  }

  private func check(_ installed: InstalledSchema) throws(MigrationError) {
    guard installed.version <= program.version else {
      throw .newerDatabase(database: installed.version, program: program.version)
    }
    for migration in program.migrations {
      if let applied = installed.migrations[migration.number],
        applied != SchemaFiles.checksum(migration.sql)
      {
        throw .changed(migration: migration.name)
      }
    }
  }

  private func apply(_ migration: Migration, _ connection: PostgresConnection) async throws {
    try await run(migration.name, migration.sql, connection)
    _ = try await connection.query(
      """
      insert into ledger.migrations (number, name, sha256, applied_at)
      values ($1, $2, $3, clock_timestamp())
      """,
      [
        Int32(migration.number), migration.name,
        PostgresBytes(SchemaFiles.checksum(migration.sql)),
      ])
    logger.info("Migration applied", metadata: ["migration": "\(migration.name)"])
  }

  /// Installs functions, views and grants: all of them, or those that changed and the grants, for
  /// what is made anew has lost its own.
  private func install(
    _ installed: InstalledSchema, all: Bool, _ connection: PostgresConnection
  ) async throws -> [String] {
    let files = all ? program.objects : program.outdated(installed)
    guard !files.isEmpty || installed.lacksRoles else { return [] }
    try await connection.execute("set local check_function_bodies = off")
    for file in files where file.kind == .function { try await run(file, connection) }
    if files.contains(where: { $0.kind == .view }) { try await installViews(files, connection) }
    let grants = program.objects.filter { $0.kind == .grant }
    for file in grants { try await run(file, connection) }
    for file in files { try await record(file, connection) }
    return files.map(\.path)
  }

  /// A view that only gained columns is replaced in place; when one changed otherwise, all are
  /// dropped and made anew.
  private func installViews(_ files: [SchemaObject], _ connection: PostgresConnection) async throws
  {
    try await connection.execute("savepoint views")
    if try await !replaceViews(files, connection) {
      try await connection.execute("rollback to savepoint views")
      let views = program.objects.filter { $0.kind == .view }
      for view in views.reversed() {
        try await run(
          view.path, "drop view if exists pushledger.\"\(view.objectName)\"", connection)
      }
      for view in views { try await run(view, connection) }
    }
    try await connection.execute("release savepoint views")
  }

  /// - Returns: False where a view's columns changed in a way that it cannot be replaced in place.
  private func replaceViews(
    _ files: [SchemaObject], _ connection: PostgresConnection
  ) async throws(MigrationError) -> Bool {
    for file in files where file.kind == .view {
      do {
        try await connection.execute(file.sql)
      } catch {
        if error.sqlState == Self.invalidTableDefinition { return false }
        throw .failed(file: file.path, error)
      }
    }
    return true
  }

  private func run(_ file: SchemaObject, _ connection: PostgresConnection) async throws {
    try await run(file.path, file.sql, connection)
  }

  private func run(
    _ name: String, _ sql: String, _ connection: PostgresConnection
  ) async throws {
    do {
      try await connection.execute(sql)
    } catch {
      throw MigrationError.failed(file: name, error)
    }
  }

  private func record(_ file: SchemaObject, _ connection: PostgresConnection) async throws {
    _ = try await connection.query(
      """
      insert into ledger.installed (kind, name, sha256, installed_at)
      values ($1, $2, $3, clock_timestamp())
      on conflict (kind, name) do update
        set sha256 = excluded.sha256, installed_at = excluded.installed_at
      """,
      [file.kind.rawValue, file.name, PostgresBytes(file.checksum)])
  }

  private func connected<Answer: Sendable>(
    _ body: @Sendable (PostgresConnection) async throws -> Answer
  ) async throws(MigrationError) -> Answer {
    do {
      let connection = try await PostgresConnection.connect(configuration, logger: logger)
      do {
        let answer = try await body(connection)
        await connection.close()
        return answer
      } catch {
        await connection.close()
        throw error
      }
    } catch let error as MigrationError {
      throw error
    } catch let error as PostgresError {
      throw .database(error)
    } catch {
      throw .database(PostgresError(.misuse, message: "An unexpected error: \(type(of: error))."))
    }
  }
}
