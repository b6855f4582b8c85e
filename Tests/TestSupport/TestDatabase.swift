public import Logging
public import Postgres

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Databases for tests, each made for one and dropped after it.
public enum TestDatabase {
  /// The variable that names a server on which the tests may create databases.
  public static let variable = "PUSHLEDGER_TEST_DATABASE_URL"

  /// Its value; nil means that tests with a database are skipped.
  public static var url: String? { ProcessInfo.processInfo.environment[variable] }

  /// For `.enabled(if:)`.
  public static var isAvailable: Bool { url != nil }

  public static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

  /// The address of another database on the same server.
  public static func url(_ url: String, database: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url + " dbname=" + database }
    let rest = url[scheme.upperBound...]
    let query = rest.firstIndex(of: "?") ?? rest.endIndex
    let authority = rest[..<query].firstIndex(of: "/") ?? query
    return url[..<scheme.upperBound] + rest[..<authority] + "/" + database + rest[query...]
  }

  /// The same address with settings of libpq that win over its own, such as `user=other`.
  public static func url(_ url: String, adding settings: [String]) -> String {
    guard url.contains("://") else { return ([url] + settings).joined(separator: " ") }
    return url + (url.contains("?") ? "&" : "?") + settings.joined(separator: "&")
  }
}

/// There is no server to test on.
public struct NoTestDatabase: Error, CustomStringConvertible {
  public var description: String { "\(TestDatabase.variable) is not set." }
}

/// Creates an empty database, lends its URL, and drops it, whoever is still connected.
public func withTestDatabase<Answer: Sendable>(
  _ body: @Sendable (_ url: String) async throws -> Answer
) async throws -> Answer {
  guard let admin = TestDatabase.url else { throw NoTestDatabase() }
  let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "_")
  let server = try await PostgresConnection.connect(
    PostgresConfiguration(admin, statementTimeout: .seconds(120)), logger: TestDatabase.logger)
  try await server.execute("create database \(name)")
  let answer: Result<Answer, any Error>
  do {
    answer = .success(try await body(TestDatabase.url(admin, database: name)))
  } catch {
    answer = .failure(error)
  }
  try? await server.execute("drop database if exists \(name) with (force)")
  await server.close()
  return try answer.get()
}

/// Lends a connection to a database made for it.
public func withTestConnection<Answer: Sendable>(
  statementTimeout: Duration? = .seconds(30),
  _ body: @Sendable (PostgresConnection) async throws -> Answer
) async throws -> Answer {
  try await withTestDatabase { url in
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(url, statementTimeout: statementTimeout), logger: TestDatabase.logger)
    let answer = try await body(connection)
    await connection.close()
    return answer
  }
}
