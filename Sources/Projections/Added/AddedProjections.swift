public import Postgres
public import PushCore

/// Projections of your own: added from a manifest and SQL, which are kept in the database, so that
/// any process can fold them and make them anew.
public struct AddedProjections: Sendable {
  /// What adding one led to.
  public enum Addition: String, Sendable {
    /// It is new, and is folded from position 1.
    case added
    /// Its description, or the size of its batches, is another now.
    case changed
    case unchanged
    /// Its SQL or its types changed: the new tables stand beside, to be folded and swapped.
    case beside
  }

  /// Why one was not added or removed.
  public enum Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The SQL does not run, or makes what it may not.
    case sql(PostgresError)
    /// Its role could not be made, or the caller does not own the tables.
    case rights(PostgresError)
    case builtIn(ProjectionName)
    case unknown(ProjectionName)

    public var description: String {
      switch self {
      case .sql(let error):
        "projection.sql was refused, and nothing was changed. \(error)"
          + " docs/own-projections.md says what it may do."
      case .rights(let error):
        "\(error) A projection is added by the owner of the tables, who needs a role for it: "
          + "docs/own-projections.md, \"Rights\", says how."
      case .builtIn(let name):
        "The projection \(name) is built in: it is neither replaced nor removed. One of your own "
          + "needs another name; this one is made anew by: pushledger projections rebuild \(name)"
      case .unknown(let name):
        "There is no projection named \"\(name)\". `pushledger projections list` lists them."
      }
    }
  }

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// Adds a projection, or begins to replace the one of its name.
  /// - Throws: ``Refusal``; nothing was changed.
  public func add(_ manifest: ProjectionManifest, sql: String) async throws -> Addition {
    var values = PostgresParameters()
    values.add(manifest.name.rawValue)
    values.add(manifest.description)
    if let types = manifest.types {
      values.add(array: types.map(\.rawValue))
    } else {
      values.add(String?.none)
    }
    values.add(Int32(manifest.batchEvents))
    values.add(sql)
    let call =
      manifest.types == nil
      ? "select ledger.add_projection($1, $2, $3::text::text[], $4, $5)"
      : "select ledger.add_projection($1, $2, $3, $4, $5)"
    let parameters = values
    let answer: String = try await run(manifest.name, isSQL: true) { connection in
      try await connection.query(call, parameters)[0].get(0)
    }
    return Addition(rawValue: answer) ?? .unchanged
  }

  /// Removes one, with its tables and checkpoints.
  /// - Throws: ``Refusal``
  public func remove(_ name: ProjectionName) async throws {
    let removed: Bool = try await run(name, isSQL: false) { connection in
      try await connection.query("select ledger.remove_projection($1)", [name.rawValue])[0].get(0)
    }
    guard removed else { throw Refusal.unknown(name) }
  }

  /// Whether a projection was added; false of one that is built in.
  public func contains(_ name: ProjectionName) async throws -> Bool {
    try await !pool.query(
      "select from ledger.projections where projection = $1 and fold_sql is not null",
      [name.rawValue]
    ).isEmpty
  }

  /// The SQL is somebody's: the session in which it ran is not used again.
  private func run<Answer: Sendable>(
    _ name: ProjectionName, isSQL: Bool,
    _ body: @escaping @Sendable (PostgresConnection) async throws -> Answer
  ) async throws -> Answer {
    do {
      return try await pool.withConnection { connection in
        let answer: Result<Answer, any Error>
        do {
          answer = .success(try await body(connection))
        } catch {
          answer = .failure(error)
        }
        if isSQL { await connection.close() }
        return try answer.get()
      }
    } catch let error as PostgresError {
      switch error.sqlState {
      case "LG024": throw Refusal.builtIn(name)
      case "LG022": throw Refusal.rights(error)
      case "42501" where !isSQL || error.message.contains("add_projection"):
        throw Refusal.rights(error)
      case nil, "LG030": throw error
      default: throw isSQL && !error.isRetryable ? Refusal.sql(error) : error
      }
    }
  }
}

extension ProjectionName {
  /// The one that is built in.
  public static let notifications = ProjectionName(unchecked: ProjectionTables.projection)
}
