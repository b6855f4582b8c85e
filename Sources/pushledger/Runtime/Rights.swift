import Logging
import Postgres

/// What a process's database user must be allowed, looked at before the process says that it works.
enum Rights {
  case serve, project, dispatch, react

  /// The role that has it; the owner of the tables has it too.
  private var role: String {
    switch self {
    case .serve: "pushledger_writer"
    case .project: "pushledger_projector"
    case .dispatch: "pushledger_dispatcher"
    case .react: "pushledger_reactor"
    }
  }

  /// A right that no other of the roles has.
  private var question: String {
    switch self {
    case .serve: "select has_table_privilege('ledger.api_keys', 'select')"
    case .project: "select has_table_privilege('notifications_v1.deliveries', 'insert')"
    case .dispatch:
      "select has_column_privilege('ledger.provider_credentials', 'sealed', 'select')"
    case .react: "select has_column_privilege('ledger.tencent_webhooks', 'token', 'select')"
    }
  }

  /// - Throws: ``RightsError``.
  func require(_ postgres: PostgresConfiguration, logger: Logger) async throws {
    let connection = try await PostgresConnection.connect(postgres, logger: logger)
    var mayWork = false
    let user: String
    do {
      user = try await connection.query("select current_user::text")[0].get(0)
      do {
        mayWork = try await connection.query(question)[0].get(0)
      } catch let error where error.sqlState == "42501" {
        // Who may not even enter the schema has no right in it.
      }
    } catch {
      await connection.close()
      throw error
    }
    await connection.close()
    guard mayWork else { throw RightsError(user: user, role: role) }
  }
}

struct RightsError: Error, CustomStringConvertible {
  var user: String
  var role: String

  var description: String {
    "The database user \(user) may not do this process's work. Log in as one with the role \(role), "
      + "or grant it: grant \(role) to \(user);"
  }
}
