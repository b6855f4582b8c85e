public import Postgres
public import PushCore

/// Why an append was not answered with positions.
///
/// Unless the description says that the outcome is unknown, nothing was stored. Repeating an append
/// with the same event ids is always safe: an id is stored once.
public enum AppendError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No event, or more than ``PushCore/Limits/eventsPerAppend``.
  case badCount(Int)
  /// More is waiting to be stored than is allowed.
  case full(retryAfter: Duration)
  case unknownApp(AppID)
  case conflict(stream: StreamName, expected: Position, actual: Position)
  /// The database took one of the events for wrong, although it had passed the door.
  case refused(PostgresError)
  /// The database could not be reached, or did not answer in time.
  case unavailable(retryAfter: Duration, outcomeUnknown: Bool)
  /// The caller's task was cancelled; the events may be stored all the same.
  case cancelled
  /// The appender takes no more: the process is stopping.
  case stopped
  /// The database cannot append at all: it is not migrated, or the role lacks a right.
  case database(PostgresError)

  /// A stable name for answers, logs and metrics.
  public var code: String {
    switch self {
    case .badCount: "bad_event_count"
    case .full: "append_full"
    case .unknownApp: "unknown_app"
    case .conflict: "stream_conflict"
    case .refused: "event_refused"
    case .unavailable: "ledger_unavailable"
    case .cancelled: "cancelled"
    case .stopped: "stopping"
    case .database: "ledger_failed"
    }
  }

  public var description: String {
    switch self {
    case .badCount(let count):
      "\(count) events in one append; give 1 to \(Limits.eventsPerAppend)."
    case .full(let retryAfter):
      "Too much is waiting to be stored. Retry after \(retryAfter)."
    case .unknownApp(let app):
      "App \(app) is unknown. Create it with `pushledger apps create \(app)`."
    case .conflict(let stream, let expected, let actual):
      "Stream \(stream) goes on after position \(expected), to \(actual). Read it again, then retry."
    case .refused(let error):
      "The database refused an event. \(error)"
    case .unavailable(let retryAfter, let outcomeUnknown):
      "The ledger's database does not answer. Retry with the same event ids after \(retryAfter)."
        + (outcomeUnknown ? " The events may be stored already." : "")
    case .cancelled: "The append was cancelled by its caller; its events may be stored."
    case .stopped: "PushLedger is stopping and takes no more events."
    case .database(let error):
      "The ledger cannot be appended to. \(error) See `pushledger status`."
    }
  }
}
