public import Postgres
public import PushCore

/// Why events could not be read.
public enum LedgerReadError: Error, Equatable, Sendable, CustomStringConvertible {
  case unknownApp(AppID)
  /// An event of a type that this program does not know.
  case unknownType(position: Position)
  /// What is asked for begins before the archive's end: messages are missing from there.
  case archived(AppID, upTo: Position)
  case database(PostgresError)

  public var code: String {
    switch self {
    case .unknownApp: "unknown_app"
    case .unknownType: "unknown_event_type"
    case .archived: "archived"
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
    case .archived(let app, let position):
      """
      Messages of app \(app) up to position \(position) are in its archive, and not here. Begin after \
      that position, put them back with `pushledger restore`, or read the archive's own files, \
      which have the form of an export.
      """
    case .database(let error): error.description
    }
  }
}
