import Ledger
import Postgres
import Projections
import PushCore

extension Problem {
  /// What an append that failed is to the client.
  init(_ error: AppendError) {
    switch error {
    case .badCount: self.init(.outOfRange, error.description)
    case .full(let retryAfter):
      self.init(.appendFull, error.description, retryAfter: retryAfter)
    case .unknownApp: self.init(.unknownApp, error.description)
    case .conflict(let stream, let expected, let actual):
      self.init(
        .streamConflict, error.description,
        members: [
          .init("stream", .string(stream.rawValue)), .init("expected", .integer(expected)),
          .init("actual", .integer(actual)),
        ])
    case .refused:
      self.init(
        .eventRefused,
        "An event passed every check here, and the database refused it all the same. Nothing was "
          + "stored. Please report it with the event's type and form.")
    case .unavailable(let retryAfter, _):
      self.init(.ledgerUnavailable, error.description, retryAfter: retryAfter)
    case .cancelled, .stopped:
      self.init(.stopping, "The server is stopping. Send the request again with the same ids.")
    case .database:
      self.init(
        .ledgerFailed, "The ledger cannot be appended to; the server's log says why.")
    }
  }

  /// What a read that failed is to the client.
  init(_ error: PostgresError) {
    switch error.kind {
    case .serializationFailure, .deadlock, .lockNotAvailable, .connectionLost, .adminShutdown,
      .cannotConnect, .connectionRefused, .poolTimeout, .statementTimeout, .cancelled:
      self.init(.ledgerUnavailable, "The ledger's database does not answer. Retry.")
    case .closed: self.init(.stopping, "The server is stopping. Send the request again.")
    default:
      self.init(.ledgerFailed, "The ledger cannot be read; the server's log says why.")
    }
  }

  init(_ error: LedgerReadError) {
    switch error {
    case .unknownApp: self.init(.unknownApp, error.description)
    case .unknownType: self.init(.ledgerFailed, error.description)
    case .archived(_, let position):
      self.init(
        .archived, error.description, members: [.init("position", .integer(position))])
    case .database(let error): self.init(error)
    }
  }

  init(_ message: ArchivedMessage) { self.init(.archived, message.description, field: "id") }

  init(_ error: AppsError) {
    switch error {
    case .unknownApp: self.init(.unknownApp, error.description)
    case .database(let error): self.init(error)
    default: self.init(.ledgerFailed, error.description)
    }
  }

  /// Any error that a route threw.
  init(catching error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case let error as FieldError: self.init(error)
    case let error as AppendError: self.init(error)
    case let error as PostgresError: self.init(error)
    case let error as LedgerReadError: self.init(error)
    case let error as AppsError: self.init(error)
    case let error as SubscriptionError: self.init(error)
    case is CancellationError: self.init(.stopping, "The server is stopping. Retry.")
    default:
      self.init(.internal, "Something unforeseen went wrong; the server's log says what.")
    }
  }
}
