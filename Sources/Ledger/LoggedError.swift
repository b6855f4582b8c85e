import Postgres

/// What a log may hold of an error: the errors of our own modules hold no values; of others only
/// the type is told.
public enum LoggedError {
  public static func text(_ error: any Error) -> String {
    switch error {
    case let error as PostgresError: error.description
    case let error as AppendError: error.description
    case let error as AppsError: error.description
    case let error as LedgerReadError: error.description
    default: String(describing: type(of: error))
    }
  }
}
