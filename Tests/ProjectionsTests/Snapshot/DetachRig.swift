import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

/// What detaching needs: an archive in a folder, attempts, and what of the database must not move.
struct DetachRig: Sendable {
  let rig: ProjectionRig
  let folder: String

  static func run(_ body: @Sendable (DetachRig) async throws -> Void) async throws {
    try await ProjectionRig.run { rig in
      let folder = NSTemporaryDirectory() + "archive-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try await body(DetachRig(rig: rig, folder: folder))
    }
  }

  var app: AppID { rig.app }

  /// Archives what is there, and detaches what can be.
  @discardableResult
  func detach(before moment: Timestamp? = nil, step: Int64 = 40) async throws -> Detacher.Report {
    let now = Timestamp(microseconds: .max / 4)
    _ = try await Archiver(rig.pool).run(app, before: moment ?? now, to: folder)
    return try await Detacher(rig.pool, positionsPerStep: step)
      .run(app, archive: try ArchiveReader(folder))
  }

  /// Appends random events and folds them.
  func append(_ history: inout RandomHistory, _ count: Int) async throws {
    for _ in 0..<4 {
      try await rig.append(try history.events(count / 4).map { try EventDoor.event(from: $0) })
    }
    try await rig.project(app, batch: 50)
  }

  /// Appends random events until a push of theirs is due.
  ///
  /// - Returns: Where the first message is of which one is.
  func appendUntilDue(_ history: inout RandomHistory) async throws -> Position {
    for _ in 0..<20 {
      try await append(&history, 80)
      let due: Position? = try await rig.pool.query(
        "select min(position) from notifications_v1.deliveries where status = 'due'")[0].optional(0)
      if let due { return due }
    }
    throw NothingDue()
  }

  struct NothingDue: Error {}

  /// Appends an accepted attempt of every delivery that is due, but for each `leaving`th, and folds.
  func accept(leaving: Int = .max) async throws {
    let rows = try await rig.pool.query(
      """
      select d.delivery_id, m.message_id, d.user_id, d.device_id, d.provider, d.attempts + 1
      from notifications_v1.deliveries d
      join notifications_v1.messages m on m.app = d.app and m.position = d.position
      where d.app = $1 and d.status = 'due' order by d.position, d.delivery_id
      """, [app.rawValue])
    var events: [NewEvent] = []
    for (index, row) in rows.enumerated() where (index + 1) % leaving != 0 {
      events.append(
        try event(
          "push.attempted",
          [
            "delivery_id": .string(try row.get(0, as: UUID.self).uuidString.lowercased()),
            "message_id": .string(try row.get(1)), "user": .string(try row.get(2)),
            "device": .string(try row.get(3)), "provider": .string(try row.get(4)),
            "attempt": .integer(Int64(try row.get(5, as: Int32.self))), "outcome": "accepted",
            "status": 200, "started_at": "2026-03-01T10:00:00Z",
            "finished_at": "2026-03-01T10:00:01Z",
          ]))
    }
    try await rig.append(events)
    try await rig.project(app, batch: 70)
    // What a dispatcher does in the transaction that appends its attempt.
    _ = try await rig.pool.query(
      """
      delete from dispatch.due u using notifications_v1.deliveries d
      where d.app = u.app and d.delivery_id = u.delivery_id and d.status <> 'due'
      """)
  }

  func event(_ type: String, _ data: JSON) throws -> NewEvent {
    try EventDoor.event(
      from: [
        "event_id": .string(UUID().uuidString.lowercased()), "type": .string(type),
        "app": JSON(app), "occurred_at": "2026-03-01T10:00:00Z", "data": data,
      ])
  }

  /// Just after the last commit.
  func now() async throws -> Timestamp {
    let row = try await rig.pool.query(
      "select recorded_at from ledger.heads where app = $1", [app.rawValue])[0]
    return try row.timestamp(0) + .microseconds(1)
  }

  func head() async throws -> Position {
    try await rig.pool.query(
      "select position from ledger.heads where app = $1", [app.rawValue])[0].get(0)
  }

  func drift() async throws -> [String] {
    try await ProjectionDiff(rig.pool, app: app, limit: 5).run().drifts.map(\.json.text)
  }

  /// The rows of a query as texts.
  func rows(_ sql: String) async throws -> [String] {
    try await rig.pool.query(sql).map { try $0.get(0) }
  }

  /// Everything that questions about later events rest on, and the statistics, row by row.
  func lasting(after position: Position) async throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    for table in [
      "users", "devices", "fallbacks", "conversations", "members", "standings",
      "hourly_messages", "hourly_deliveries", "hourly_attempts", "hourly_latencies",
    ] {
      let used =
        switch table {
        case "hourly_deliveries": "where deliveries <> 0"
        case "hourly_latencies": "where count <> 0"
        default: ""
        }
      found[table] = try await rows(
        "select t::text from notifications_v1.\(table) t \(used) order by 1")
    }
    found["messages"] = try await rows(
      """
      select format('%s %s %s %s %s %s %s', message_id, position, sequence, counted_targets,
        recalled_at, pushes, recipients)
      from notifications_v1.messages order by 1
      """)
    for table in ["messages", "deliveries", "suppressed_counts"] {
      found["later \(table)"] = try await rows(
        """
        select t::text from notifications_v1.\(table) t where position > \(position) order by 1
        """)
    }
    found["unread_at"] = try await rows(
      """
      select format('%s %s %s', u.user_id, p.position, n) from notifications_v1.users u
      cross join (values (\(position)), (\(position) + 25), (1000000)) as p (position)
      cross join lateral pushledger.unread_at('\(app)', u.user_id, p.position) n
      where u.app = '\(app)' order by 1
      """)
    found["device_at"] = try await rows(
      """
      select format('%s %s %s', d.user_id, p.position, n) from notifications_v1.devices d
      cross join (values (40), (\(position)), (1000000)) as p (position)
      cross join lateral pushledger.device_at('\(app)', d.user_id, d.device_id, p.position) n
      where d.app = '\(app)' order by 1
      """)
    return found
  }

  func events() async throws -> [String] {
    try await rows("select e::text from ledger.events e order by app, position")
  }

  func rebuild() async throws {
    let rebuild = Rebuild(rig.pool)
    #expect(try await rebuild.begin())
    _ = try await rebuild.fold { _ in }
    try await rebuild.index()
    _ = try await rebuild.swap()
  }

  /// That nothing is left between two states, by name.
  func expectSame(_ left: [String: [String]], _ right: [String: [String]]) {
    for (name, rows) in left {
      #expect(Set(rows).symmetricDifference(right[name] ?? []).sorted() == [], "\(name)")
    }
  }
}
