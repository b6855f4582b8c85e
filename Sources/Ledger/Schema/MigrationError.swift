public import Postgres

/// Why a database could not be brought to what the program needs, or does not fit it.
public enum MigrationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A newer program migrated the database.
  case newerDatabase(database: Int, program: Int)
  /// The program needs migrations that the database has not.
  case olderDatabase(database: Int, program: Int)
  /// A migration's file is not the one that was applied.
  case changed(migration: String)
  /// Another migrator holds the lock, or a table is in use, for longer than
  /// ``Migrator/lockTimeout``.
  case locked
  /// The server refused a file.
  case failed(file: String, PostgresError)
  /// The database could not be asked.
  case database(PostgresError)

  public var description: String {
    switch self {
    case .newerDatabase(let database, let program):
      """
      The database is at migration \(database), this program knows migrations up to \(program). \
      Run a program of the database's version or a newer one.
      """
    case .olderDatabase(let database, let program):
      """
      The database is at migration \(database), this program needs migration \(program). \
      Run `pushledger migrate` first.
      """
    case .changed(let migration):
      """
      Migration \(migration) is not the one that was applied to this database. \
      Put the file back as it was, and the change into a migration of its own.
      """
    case .locked:
      """
      Somebody has held the database's tables or the migration lock for \
      \(Migrator.lockTimeout.components.seconds) seconds. Nothing was changed: try again.
      """
    case .failed(let file, let error): "\(file) failed, and nothing was changed. \(error)"
    case .database(let error):
      switch (error.kind, error.sqlState) {
      case (.cannotConnect, _), (.connectionRefused, _):
        "\(error) Name the database in PUSHLEDGER_DATABASE_URL or with --database."
      case (_, "42501"):
        """
        \(error) The commands of pushledger need a user with the role pushledger_writer, \
        pushledger_projector, pushledger_dispatcher or pushledger_reactor, or the database's owner.
        """
      default: error.description
      }
    }
  }
}

/// What a migration did.
public struct MigrationReport: Sendable, Equatable {
  /// Names of the migrations applied, in order.
  public let applied: [String]
  /// Paths under `sql/` of the functions, views and grants that were installed.
  public let installed: [String]

  public var isUnchanged: Bool { applied.isEmpty && installed.isEmpty }
}

/// What a database has, against what the program needs.
public struct SchemaStatus: Sendable, Equatable {
  /// Number of the database's last migration; 0 before the first.
  public let database: Int
  /// Number of the program's last migration.
  public let program: Int
  /// Migrations that the database lacks.
  public let pending: [String]
  /// Applied migrations whose file has changed since.
  public let changed: [String]
  /// Functions, views and grants that are missing or not the program's.
  public let outdated: [String]

  public var isCurrent: Bool {
    database == program && pending.isEmpty && changed.isEmpty && outdated.isEmpty
  }
}
