import Foundation
import Postgres
import PushCore
import TestSupport

/// A database that holds the known history, as if it had been recorded when it happened.
enum KnownLedger {
  /// Values that the questions are asked with; what else they need is the morning itself.
  static let values: [String: [String: String]] = [
    "why_no_ring": ["message": "m2", "user": "cho"], "one_message": ["message": "m3"],
    "message_outcomes": ["message": "m9"], "message_of_push": ["id": "apns-2001"],
    "device_history": ["user": "hal", "device": "redmi"],
    "device_then": ["user": "fay", "device": "phone", "at": "2026-03-02T09:36Z"],
    "dead_devices": ["user": "bob"], "tokens_of_user": ["user": "hal"],
    "holders_of_token": ["token": DeviceRegistration.fingerprint("F1")],
    "unread_of_user": ["user": "bob"],
    "unread_then": ["user": "bob", "at": "2026-03-02T08:30:30Z"],
    "missed_while_quiet": ["user": "cho"], "suppressed_for_user": ["user": "cho"],
    "group_delivery": ["group": "team"], "sent_by_user": ["user": "bob"],
    "kept_of_user": ["user": "hal"],
  ]
  static let morning = ["from": "2026-03-02T08:00Z", "to": "2026-03-02T12:00Z"]

  static func run(_ body: @Sendable (CommandRig) async throws -> Void) async throws {
    try await CommandRig.run(app: KnownHistory.app.rawValue) { rig in
      let file = try rig.write(
        "known.ndjson", KnownHistory.events.map(\.text).joined(separator: "\n"))
      try await rig.succeed("import", KnownHistory.app.rawValue, file)
      try await pin(rig)
      try await project(rig)
      try await addDispatcher(rig)
      try await body(rig)
    }
  }

  /// The time of a commit is the server's; here each event has one of its own, of when it happened.
  private static func pin(_ rig: CommandRig) async throws {
    try await rig.pool.transaction { connection in
      try await connection.execute(
        """
        set local session_replication_role = replica;
        update ledger.events set recorded_at = occurred_at;
        delete from ledger.commits;
        insert into ledger.commits
          select app, position, position, position, recorded_at, digest from ledger.events;
        update ledger.heads set commit_number = position
        """)
    }
  }

  private static func project(_ rig: CommandRig) async throws {
    let projector = try rig.start(["project"])
    let isDone = try await eventually(within: .seconds(60)) {
      try await rig.pool.query(
        "select lag_events = 0 from pushledger.projection_status where serves")[0].get(0)
    }
    guard isDone else { throw StuckProjector() }
    await projector.killAndWait()
  }

  struct StuckProjector: Error {}

  /// A dispatcher that reports trouble, and goes on doing so.
  private static func addDispatcher(_ rig: CommandRig) async throws {
    try await rig.pool.withConnection { connection in
      try await connection.execute(
        """
        insert into dispatch.refused_credentials
          values ('d1', 'chat', 'apns', 'old-key', 'The key cannot be read.', 'infinity');
        insert into dispatch.circuits (dispatcher, provider, host, state, failures, retry_at,
            reason, valid_until)
          values ('d1', 'fcm', 'fcm.googleapis.com', 'open', 0, '2026-03-02 11:20Z', 'HTTP 503',
            'infinity')
        """)
    }
  }
}
