public import Ledger
public import Postgres
public import PushCore

/// A message that is in an archive: the projection remembers that it was sent, and its events, with
/// what became of it, are not here any more.
public struct ArchivedMessage: Sendable, Equatable, CustomStringConvertible {
  public var id: MessageID
  public var position: Position
  public var recordedAt: Timestamp

  /// Over `pushledger.messages m`.
  static let condition = """
    (exists (
      select from pushledger.archives a where a.app = m.app and a.position >= m.position)
    and not exists (
      select from pushledger.events e where e.app = m.app and e.position = m.position))
    """

  /// The statement that ``init(_:_:)`` reads.
  static func call(_ id: MessageID, of app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select m.position, m.recorded_at from pushledger.messages m
      where m.app = $1 and m.message_id = $2 and \(condition)
      """, [app.rawValue, id.rawValue])
  }

  /// Nil where the message is here, or not known.
  init?(_ id: MessageID, _ result: PostgresResult) throws(PostgresError) {
    guard let row = result.first else { return nil }
    self.id = id
    position = try row.get(0)
    recordedAt = try row.timestamp(1)
  }

  /// What ``NotificationsReader/message(_:of:after:limit:)`` found of it.
  ///
  /// Nil where that is all of it.
  public init?(_ report: MessageReport) {
    guard report.isArchived else { return nil }
    id = report.id
    position = report.position
    recordedAt = report.recordedAt
  }

  public var description: String {
    """
    Message \(id), position \(position), recorded at \(recordedAt), is in the app's archive, and not \
    here any more. Put it back with `pushledger restore`, or restore the archive into an app of the \
    same name in another database and ask there.
    """
  }
}

extension NotificationsReader {
  /// - Returns: Nil where the message is here, or not known.
  public func archived(
    _ id: MessageID, of app: AppID
  ) async throws(PostgresError) -> ArchivedMessage? {
    let call = ArchivedMessage.call(id, of: app)
    return try ArchivedMessage(id, try await pool.query(call.sql, call.parameters))
  }
}

extension LedgerArchive {
  /// To be said beside that something is not known here.
  public var hint: String { "Messages up to position \(position) are in an archive." }
}
