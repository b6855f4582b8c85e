import ArgumentParser
import Foundation
import Ledger
import Postgres

/// PostgreSQL's own program for typing SQL, as a reader.
enum PsqlProgram {
  /// What a reader's session is set to. A reader who wants it otherwise can say so in psql.
  private static let settings = [
    "role=\(LedgerQuestions.role)", "search_path=\(LedgerQuestions.schema)",
    "default_transaction_read_only=on", "jit=off", "TimeZone=UTC",
    "statement_timeout=\(LedgerQuestions.timeLimit.components.seconds)s",
  ]

  /// Puts psql in this process's place. The address goes by the environment: arguments can be seen
  /// by every user of the machine.
  ///
  /// - Throws: ``ValidationError`` where there is no psql.
  static func run(_ postgres: PostgresConfiguration) throws -> Never {
    guard let path = find() else {
      throw ValidationError(
        "psql is not installed. Install it, with `apt-get install postgresql-client` on Debian, or "
          + "name a query, which needs none: pushledger sql --list")
    }
    var environment = ProcessInfo.processInfo.environment
    environment.merge(try postgres.environment()) { $1 }
    let options = settings.map { "-c \($0)" }.joined(separator: " ")
    environment["PGOPTIONS"] = [environment["PGOPTIONS"], options].compactMap(\.self)
      .joined(separator: " ")
    environment["PGAPPNAME"] = postgres.applicationName
    withStrings(["psql"]) { arguments in
      withStrings(environment.map { "\($0.key)=\($0.value)" }) { variables in
        _ = execve(path, arguments, variables)
      }
    }
    throw ValidationError("\(path) cannot be started: \(String(cString: strerror(errno))).")
  }

  private static func find() -> String? {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return folders.split(separator: ":").map { "\($0)/psql" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Lends C strings with a null at their end.
  private static func withStrings(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Void
  ) {
    let copies = texts.map { strdup($0) }
    body(copies + [nil])
    copies.forEach { free($0) }
  }
}
