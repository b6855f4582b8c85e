import Foundation
import Ledger
import Logging
import Postgres
import PushCore
import TestSupport
import Testing

/// Suites that need a server.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct OnALedger {}

/// A migrated database with an app, and what is needed to append to it and to read it.
struct LedgerRig: Sendable {
  static let app = AppID(unchecked: "demo")
  static let otherApp = AppID(unchecked: "other")

  let configuration: PostgresConfiguration
  let pool: PostgresPool

  var reader: LedgerReader { LedgerReader(pool) }
  var app: AppID { Self.app }

  static func run(_ body: @Sendable (LedgerRig) async throws -> Void) async throws {
    try await withTestDatabase { url in
      let configuration = PostgresConfiguration(url, statementTimeout: .seconds(60))
      try await Migrator(configuration, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(configuration, limit: 8, logger: TestDatabase.logger)
      try await Apps(pool).create(Self.app)
      try await body(LedgerRig(configuration: configuration, pool: pool))
      await pool.close()
    }
  }

  /// Runs an appender beside the body, and stops it in good order.
  func withAppender<Answer: Sendable>(
    _ limits: AppendLimits = AppendLimits(),
    _ body: @Sendable (Appender) async throws -> Answer
  ) async throws -> Answer {
    let appender = Appender(configuration, limits: limits, logger: TestDatabase.logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await appender.run() }
      let answer = try await body(appender)
      appender.stop()
      try await group.waitForAll()
      return answer
    }
  }

  /// Appends without an appender.
  @discardableResult
  func append(_ events: [NewEvent], to app: AppID = Self.app) async throws -> [AppendedEvent] {
    let call = AppendStatement.call(events, to: app)
    return try AppendStatement.appended(try await pool.query(call.sql, call.parameters))
  }

  func events(of app: AppID = Self.app) async throws -> [RecordedEvent] {
    try await reader.events(of: app, after: 0, limit: EventPage.maximumLimit)
  }

  /// Changes something behind the ledger's back, as its owner could.
  func tamper(_ sql: String) async throws {
    try await pool.withConnection { connection in
      try await connection.execute(
        """
        set session_replication_role = replica;
        \(sql);
        reset session_replication_role
        """)
    }
  }

  func count(_ sql: String) async throws -> Int64 {
    try await pool.query("select count(*) from \(sql)")[0].get(0)
  }
}

extension NewEvent {
  /// A recall, the smallest event there is.
  static func recall(_ message: String, id: UUID = UUID()) -> NewEvent {
    make(.messageRecalled, ["message_id": .string(message), "by": "ann"], id: id)
  }

  static func message(_ id: String, text: String = "hello", eventID: UUID = UUID()) -> NewEvent {
    make(
      .messageSent,
      ["message_id": .string(id), "from": "ann", "conversation": ["user": "bob"]],
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]],
      id: eventID)
  }

  static func make(
    _ type: EventType, _ data: JSON, _ content: JSON? = nil, id: UUID = UUID()
  ) -> NewEvent {
    do {
      return try EventDoor.event(
        id: id, type: type, occurredAt: Timestamp(microseconds: 1_700_000_000_123_456),
        data: data, content: content)
    } catch {
      preconditionFailure("A test's event is wrong: \(error)")
    }
  }

  /// An event that passed the door and that the database refuses all the same: the numbers in its
  /// data have more digits together than an event may have bytes.
  static func poison(_ message: String) -> NewEvent {
    make(
      .messageRecalled,
      [
        "message_id": .string(message),
        "x": .array([JSON](repeating: .number("1e399"), count: 400)),
      ])
  }
}

extension AppendLimits {
  static func make(_ change: (inout AppendLimits) -> Void) -> AppendLimits {
    var limits = AppendLimits()
    change(&limits)
    return limits
  }
}

/// `#expect` of two equal values, for those that its macro is slow to type-check.
func expect<Value: Equatable>(
  _ found: Value, is wanted: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found == wanted, sourceLocation: sourceLocation)
}

/// The error that a body throws, where it is of this type.
func failure<Failure: Error>(
  _: Failure.Type = Failure.self, _ body: () async throws -> Void
) async -> Failure? {
  do {
    try await body()
    return nil
  } catch {
    return error as? Failure
  }
}

/// Asks again and again until the answer is yes; a test that never gets it fails by its time limit.
func eventually(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
