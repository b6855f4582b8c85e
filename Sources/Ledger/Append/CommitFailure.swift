import Postgres
import PushCore

/// What to do about a commit that failed.
enum CommitFailure: Equatable {
  /// The connection is gone, or the commit's outcome is not known: the same again on a new one.
  case reconnect(outcomeUnknown: Bool)
  /// The same again, in its turn: the app's ledger was locked, or the transaction lost a race.
  case again
  /// One of the appends is at fault; the others must not suffer for it.
  case takeApart(AppendError)
  /// None of them can be stored now.
  case all(AppendError)

  init(_ error: PostgresError, app: AppID, expectation: StreamExpectation?, limits: AppendLimits) {
    switch error.kind {
    case .connectionLost, .adminShutdown, .closed, .cannotConnect:
      self = .reconnect(outcomeUnknown: error.commitOutcomeUnknown)
    case .serializationFailure, .deadlock, .lockNotAvailable, .statementTimeout, .cancelled:
      self = .again
    case .decoding, .misuse, .connectionRefused, .poolTimeout, .transactionAborted:
      self = .all(.database(error))
    case .uniqueViolation, .foreignKeyViolation, .checkViolation, .notNullViolation:
      self = .takeApart(.refused(error))
    case .server:
      self = Self.reported(error, app: app, expectation: expectation, limits: limits)
    }
  }

  private static func reported(
    _ error: PostgresError, app: AppID, expectation: StreamExpectation?, limits: AppendLimits
  ) -> CommitFailure {
    let state = error.sqlState ?? ""
    switch state {
    case "LG001": return .all(.unknownApp(app))
    case "LG002":
      guard let expectation, let actual = error.detail.flatMap({ Position($0) }) else {
        return .all(.database(error))
      }
      return .all(
        .conflict(
          stream: expectation.stream, expected: expectation.nothingAfter, actual: actual))
    default: break
    }
    switch state.prefix(2) {
    // Syntax or access rule, feature not supported: our SQL does not fit the database.
    case "42", "0A": return .all(.database(error))
    // Out of disk or memory, operator intervention, system error.
    case "53", "57", "58":
      return .all(.unavailable(retryAfter: limits.retryAfter, outcomeUnknown: false))
    // A read-only server: this was the primary once, another is now.
    case "25": return .reconnect(outcomeUnknown: false)
    default: return .takeApart(.refused(error))
    }
  }
}
