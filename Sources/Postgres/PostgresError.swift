/// Why something asked of the database did not happen. Never holds a parameter or a row's value:
/// the server's detail lines, and what it quotes from bad input, are left out.
public struct PostgresError: Error, Sendable, Equatable {
  /// What went wrong, as far as a caller may want to act on it.
  public enum Kind: String, Sendable, Equatable, CaseIterable {
    /// 40001: another transaction came between.
    case serializationFailure
    /// 40P01: chosen as the victim of a deadlock.
    case deadlock
    /// 55P03: `nowait` or `lock_timeout`.
    case lockNotAvailable
    /// 08xxx, a closed socket, or a server that answered nothing in time.
    case connectionLost
    /// 57P01 to 57P04: the server stops, starts, or an administrator ended the session.
    case adminShutdown
    /// The server could not be reached or had no connection to spare (53300).
    case cannotConnect
    /// The server refused user, password, database or TLS, or the connection string is not valid.
    case connectionRefused
    /// 57014 after the statement's time was up.
    case statementTimeout
    /// The task was cancelled, or somebody cancelled the statement on the server.
    case cancelled
    /// No connection became free in time, or too many were waiting already.
    case poolTimeout
    /// 23505
    case uniqueViolation
    /// 23503
    case foreignKeyViolation
    /// 23514
    case checkViolation
    /// 23502
    case notNullViolation
    /// 25P02: an earlier statement failed, so the transaction was rolled back instead of committed.
    case transactionAborted
    /// A column is NULL or is not of the type asked for.
    case decoding
    /// The connection or pool was closed by its owner.
    case closed
    /// A call that can't be right, such as a transaction inside a transaction.
    case misuse
    /// Any other SQLSTATE.
    case server
  }

  public var kind: Kind
  /// The five characters from the server; nil when the error arose on this side.
  public var sqlState: String?
  public var message: String
  /// The name of the constraint that was violated.
  public var constraint: String?
  /// Only for errors that our own SQL functions raise, under an SQLSTATE class PostgreSQL doesn't use.
  public var detail: String?
  /// What to do about it; of the same errors.
  public var hint: String?
  /// True when the connection ended after a commit, or a statement that commits by itself, was sent,
  /// and before its answer came: the change may be stored.
  public var commitOutcomeUnknown: Bool

  public init(
    _ kind: Kind, sqlState: String? = nil, message: String, constraint: String? = nil,
    detail: String? = nil, hint: String? = nil, commitOutcomeUnknown: Bool = false
  ) {
    self.kind = kind
    self.sqlState = sqlState
    self.message = message
    self.constraint = constraint
    self.detail = detail
    self.hint = hint
    self.commitOutcomeUnknown = commitOutcomeUnknown
  }

  /// True when the same call can succeed later without a change to it. With ``commitOutcomeUnknown``
  /// only a call that is safe to repeat should be.
  public var isRetryable: Bool {
    switch kind {
    case .serializationFailure, .deadlock, .lockNotAvailable, .connectionLost, .adminShutdown,
      .cannotConnect, .poolTimeout:
      true
    case .connectionRefused, .statementTimeout, .cancelled, .uniqueViolation,
      .foreignKeyViolation, .checkViolation, .notNullViolation, .transactionAborted, .decoding,
      .closed, .misuse, .server:
      false
    }
  }
}

extension PostgresError: CustomStringConvertible {
  public var description: String {
    var text = kind.phrase
    if let sqlState { text += " (\(sqlState))" }
    text += ": \(message)"
    if let constraint { text += " [constraint \(constraint)]" }
    if text.last.map({ !".!?".contains($0) }) ?? false { text += "." }
    if let hint { text += " \(hint)" }
    if commitOutcomeUnknown { text += " It is not known whether the change was stored." }
    return text
  }
}

extension PostgresError.Kind {
  /// The start of a sentence for people.
  fileprivate var phrase: String {
    switch self {
    case .serializationFailure: "PostgreSQL could not order two transactions"
    case .deadlock: "PostgreSQL ended a deadlock"
    case .lockNotAvailable: "PostgreSQL could not lock in time"
    case .connectionLost: "The connection to PostgreSQL was lost"
    case .adminShutdown: "PostgreSQL stops or starts"
    case .cannotConnect: "PostgreSQL cannot be reached"
    case .connectionRefused: "PostgreSQL refused the connection"
    case .statementTimeout: "PostgreSQL did not finish in time"
    case .cancelled: "The statement was cancelled"
    case .poolTimeout: "No connection to PostgreSQL became free in time"
    case .uniqueViolation, .foreignKeyViolation, .checkViolation, .notNullViolation:
      "PostgreSQL refused the data"
    case .transactionAborted: "The transaction had failed before"
    case .decoding: "PostgreSQL's answer is not what was asked for"
    case .closed: "The connection to PostgreSQL was closed"
    case .misuse: "The call to PostgreSQL is wrong"
    case .server: "PostgreSQL failed"
    }
  }

  /// The kind that an SQLSTATE stands for. 57014 counts as `cancelled` here: what ended the statement
  /// is known only to the one who waited for it.
  public init(sqlState: String) {
    switch sqlState {
    case "40001": self = .serializationFailure
    case "40P01": self = .deadlock
    case "55P03": self = .lockNotAvailable
    case "57P01", "57P02", "57P03", "57P04", "25P03", "57P05": self = .adminShutdown
    case "53300": self = .cannotConnect
    case "57014": self = .cancelled
    case "23505": self = .uniqueViolation
    case "23503": self = .foreignKeyViolation
    case "23514": self = .checkViolation
    case "23502": self = .notNullViolation
    case "25P02": self = .transactionAborted
    default: self = sqlState.hasPrefix("08") ? .connectionLost : .server
    }
  }
}
