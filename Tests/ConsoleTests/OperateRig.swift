import Foundation
import HTTPTypes
import Ledger
import Postgres
import Projections
import PushCore
import TestSupport
import Testing

/// What tests of orders need beside a ``ConsoleRig``.
extension ConsoleRig {
  static let other = AppID(unchecked: "other")

  /// A form's token, of a session.
  func token(_ session: String) async throws -> String {
    try #require(try await get("/console", session: session).formToken)
  }

  /// Sends an order's form with its token.
  func order(
    _ name: String, _ fields: [(String, String)], session: String
  ) async throws -> Answer {
    let all = [("csrf", try await token(session))] + fields
    return try await post("/console/operate/" + name, all, session: session)
  }

  /// Appends an event as the door takes it.
  @discardableResult
  func append(
    _ type: EventType, _ data: JSON, _ content: JSON? = nil, to app: AppID = app
  ) async throws -> Position {
    let event = try EventDoor.event(
      id: UUID(), type: type, occurredAt: Timestamp(microseconds: 1_700_000_000_000_000),
      data: data, content: content)
    let call = AppendStatement.call([event], to: app)
    _ = try await pool.query(call.sql, call.parameters)
    return try await pool.query(
      "select position from ledger.heads where app = $1", [app.rawValue])[0].get(0)
  }

  /// A user with a phone, known to the projection.
  func device(
    of user: String, to app: AppID = app, provider: String = "apns"
  ) async throws {
    try await append(
      .deviceRegistered,
      [
        "user": .string(user), "device": "phone", "platform": "ios", "provider": .string(provider),
        "topic": "org.example.chat",
      ], ["token": .string("token-\(user)")], to: app)
    try await project(app)
  }

  func message(_ id: String, to user: String, in app: AppID = app) async throws {
    try await append(
      .messageSent,
      [
        "message_id": .string(id), "from": "sender", "conversation": ["user": .string(user)],
        "expires_at": "2999-01-01T00:00:00Z",
      ], ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hello"]]]], to: app)
  }

  func project(_ app: AppID = app) async throws {
    let projector = Projector(pool: pool, listener: nil, logger: TestDatabase.logger)
    try await projector.catchUp(app)
    try await projector.release()
  }

  /// What was done, of all apps: `app action`.
  func audit() async throws -> [String] {
    try await pool.query(
      "select app || ' ' || action from ledger.audit where action not like 'sign%' order by entry"
    ).map { try $0.get(0) }
  }

  func count(_ sql: String) async throws -> Int64 {
    try await pool.query("select count(*) from \(sql)")[0].get(0)
  }
}

/// Asks again and again until the answer is yes; a test that never gets it fails by its time limit.
func eventually(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}
