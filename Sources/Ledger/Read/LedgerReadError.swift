public import Postgres
public import PushCore

/// Why events could not be read.
public enum LedgerReadError: Error, Equatable, Sendable, CustomStringConvertible {
  case unknownApp(AppID)
  /// An event of a type that this program does not know.
  case unknownType(position: Position)
  case database(PostgresError)

  public var code: String {
    switch self {
    case .unknownApp: "unknown_app"
    case .unknownType: "unknown_event_type"
    case .database: "ledger_unavailable"
    }
  }

  public var description: String {
    switch self {
    case .unknownApp(let app):
      "App \(app) is unknown. Create it with `pushledger apps create \(app)`."
    case .unknownType(let position):
      """
      The event at position \(position) is of a type that this program does not know: \
      a newer one wrote it. Run that one.
      """
    case .database(let error): error.description
    }
  }
}
