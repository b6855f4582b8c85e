public import Postgres
public import PushCore

/// What a question was answered: rows of named columns.
public struct QueryAnswer: Sendable {
  public var columns: [String]
  /// A value for each column.
  public var rows: [[JSON]]
  /// Whether there were more rows than ``LedgerQuestions/rowLimit``.
  public var isCut: Bool
}

/// Asks the ledger as an analyst does: with the reader's role, in a transaction that can change
/// nothing.
public struct LedgerQuestions: Sendable {
  public static let role = "pushledger_reader"
  public static let schema = "pushledger"
  /// Rows of an answer.
  public static let rowLimit = 10_000
  /// How long the server works on one question.
  public static let timeLimit = Duration.seconds(60)

  private static let denied = "42501"
  private static let cancelled = "57014"
  /// The class of errors that say that a value is none of its type, or does not fit.
  private static let badValue = "22"

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// - Throws: ``QueryError``, or ``PostgresError``.
  public func ask(_ query: NamedQuery, _ values: [String: String]) async throws -> QueryAnswer {
    let calls = [
      try query.call(values, limit: Self.rowLimit + 1), try query.columnsCall(values),
    ]
    do {
      return try Self.answer(try await read(calls))
    } catch let error as PostgresError where Self.isBadValue(error) {
      try await requireReadable(values, of: query)
      let given = values.filter { $0.key != "app" }.map { "\($0.key)=\($0.value)" }.sorted()
      guard !given.isEmpty else { throw error }
      throw QueryError.unfitValues(problem: error.message, given: given)
    }
  }

  private static func isBadValue(_ error: PostgresError) -> Bool {
    error.sqlState?.hasPrefix(badValue) ?? false
  }

  /// - Throws: ``QueryError/badValue(name:value:type:)`` for the first value that is none of its type.
  private func requireReadable(_ values: [String: String], of query: NamedQuery) async throws {
    for (name, type) in query.types.sorted(by: { $0.key < $1.key }) {
      guard let value = values[name] else { continue }
      do {
        _ = try await pool.query("select $1::text::\(type)", [value])
      } catch {
        guard Self.isBadValue(error) else { throw error }
        throw QueryError.badValue(name: name, value: value, type: type)
      }
    }
  }

  /// Looks whether the database user may ask at all.
  ///
  /// - Throws: ``QueryError/notAReader(user:)``, or ``PostgresError``.
  public func check() async throws { _ = try await read([]) }

  /// - Returns: The rows as JSON, and none with the columns' names.
  private func read(_ calls: [PostgresCall]) async throws -> [PostgresResult] {
    try await pool.transaction { connection in
      try await Self.takeRole(connection)
      var results: [PostgresResult] = []
      for call in calls { results.append(try await Self.query(call, connection)) }
      return results
    }
  }

  private static func takeRole(_ connection: PostgresConnection) async throws {
    let user: String = try await connection.query("select session_user::text")[0].get(0)
    do {
      try await connection.execute(
        """
        set transaction read only; set local role \(role); set local search_path = \(schema);
        set local statement_timeout = '\(timeLimit.components.seconds)s'
        """)
    } catch {
      if error.sqlState == denied { throw QueryError.notAReader(user: user) }
      throw error
    }
  }

  private static func query(
    _ call: PostgresCall, _ connection: PostgresConnection
  ) async throws -> PostgresResult {
    do {
      return try await connection.query(call.sql, call.parameters)
    } catch {
      let state = error.sqlState ?? ""
      if state == cancelled, !Task.isCancelled {
        throw QueryError.tookTooLong(seconds: timeLimit.components.seconds)
      }
      throw error
    }
  }

  private static func answer(_ results: [PostgresResult]) throws -> QueryAnswer {
    var rows: [[JSON]] = []
    for row in results[0] {
      let json: PostgresJSON = try row.get(0)
      rows.append(try JSON.parse(json.bytes).members?.map(\.value) ?? [])
    }
    return QueryAnswer(
      columns: results[1].columns, rows: Array(rows.prefix(rowLimit)), isCut: rows.count > rowLimit)
  }
}

extension NamedQuery {
  /// Answers no rows, but the names of the columns.
  fileprivate func columnsCall(_ values: [String: String]) throws(QueryError) -> PostgresCall {
    let call = try call(values, limit: 0)
    return PostgresCall(
      call.sql.replacing("select row_to_json(q) from", with: "select q.* from", maxReplacements: 1),
      call.parameters)
  }
}
