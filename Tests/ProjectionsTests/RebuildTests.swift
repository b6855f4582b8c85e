import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct RebuildProjections {
  private static let tables = [
    "users", "devices", "fallbacks", "conversations", "members", "standings", "messages",
    "deliveries", "attempts", "suppressed_counts", "hourly_messages", "hourly_deliveries",
    "hourly_attempts",
    "hourly_latencies",
  ]

  private func events(_ seed: UInt64, _ count: Int, _ app: AppID) throws -> [NewEvent] {
    var history = RandomHistory(seed: seed, app: app)
    return try history.events(count).map { try EventDoor.event(from: $0) }
  }

  private func rebuild(_ rig: ProjectionRig, batch: Int = 5_000) -> Rebuild {
    var configuration = Rebuild.Configuration()
    configuration.eventsPerBatch = batch
    return Rebuild(rig.pool, configuration: configuration)
  }

  private func run(_ rig: ProjectionRig, batch: Int = 5_000) async throws -> Rebuild.Swap {
    let rebuild = rebuild(rig, batch: batch)
    #expect(try await rebuild.begin())
    _ = try await rebuild.fold { _ in }
    try await rebuild.index()
    return try await rebuild.swap()
  }

  /// Rows of a table that are in one schema only.
  private func difference(
    _ rig: ProjectionRig, _ table: String, _ schema: String
  ) async throws -> Int64 {
    let nonZero =
      table == "hourly_deliveries"
      ? "where deliveries <> 0" : table == "hourly_latencies" ? "where count <> 0" : ""
    return try await rig.pool.query(
      """
      select count(*) from (
        (select t::text from notifications_v1.\(table) t \(nonZero)
          except all select t::text from \(schema).\(table) t \(nonZero))
        union all
        (select t::text from \(schema).\(table) t \(nonZero)
          except all select t::text from notifications_v1.\(table) t \(nonZero))) as different
      """)[0].get(0)
  }

  @Test("all functions and views are there after a swap, and after the tables before it are gone")
  func keepsWhatIsInstalled() async throws {
    try await ProjectionRig.run { rig in
      _ = try await run(rig)
      _ = try await run(rig)
      let migrator = Migrator(PostgresConfiguration(rig.url), logger: TestDatabase.logger)
      #expect(try await migrator.status().outdated == [])
      _ = try await rig.pool.query("drop function dispatch.is_told_on_stream")
      #expect(try await migrator.status().outdated == ["functions/is_told_on_stream.sql"])
      #expect(try await !migrator.migrate().installed.isEmpty)
      #expect(try await migrator.status().outdated == [])
    }
  }

  @Test("G6: a rebuild gives the same rows, however both are cut into batches", arguments: 0..<6)
  func givesTheSameRows(seed: Int) async throws {
    try await ProjectionRig.run { rig in
      for app in ["one", "two"].map(AppID.init(unchecked:)) {
        try await rig.create(app)
        try await rig.append(try events(UInt64(seed * 2), 400, app), to: app)
        try await rig.project(app, batch: [1, 7, 40, 1_000][seed % 4])
      }
      let due = try await rig.due(AppID(unchecked: "one"))
      let rebuild = rebuild(rig, batch: [5_000, 3, 60][seed % 3])
      #expect(try await rebuild.begin())
      let progress = try await rebuild.fold { _ in }
      #expect(progress.left == 0)
      try await rebuild.index()
      for table in Self.tables {
        #expect(
          try await difference(rig, table, "notifications_v1_next") == 0, "\(table), seed \(seed)")
      }
      #expect(try await rig.due(AppID(unchecked: "one")) == due, "nobody is pushed by a rebuild")
      let swap = try await rebuild.swap()
      #expect(swap.mended == 0)
      #expect(try await rig.due(AppID(unchecked: "one")) == due)
    }
  }

  @Test("the views, prepared statements and a projector with state in memory go on after a swap")
  func goesOnAfterTheSwap() async throws {
    try await ProjectionRig.run { rig in
      let all = try events(11, 300, rig.app)
      try await rig.append(Array(all[..<200]))
      let projector = rig.projector()
      try await projector.catchUp(rig.app)
      let query = "select count(*) from pushledger.deliveries where app = $1"
      try await rig.pool.withConnection { connection in
        let before: Int64 = try await connection.query(query, [rig.app.rawValue])[0].get(0)
        // What serves is wrong; the rebuild is not.
        _ = try await rig.pool.query("delete from notifications_v1.deliveries")
        _ = try await rig.pool.query("delete from dispatch.due")
        #expect(before > 0)
        let swap = try await run(rig)
        #expect(swap.mended > 0)
        let after: Int64 = try await connection.query(query, [rig.app.rawValue])[0].get(0)
        #expect(after == before)
      }
      try await rig.append(Array(all[200...]))
      try await projector.catchUp(rig.app)
      var fold = Fold()
      var deliveries = DeliveryFold(app: rig.app)
      for (index, event) in all.enumerated() {
        let outputs = fold.apply(
          try event.body(), at: Position(index + 1), occurredAt: event.occurredAt,
          recordedAt: event.occurredAt)
        for output in outputs { deliveries.apply(output) }
      }
      let rows = try await rig.deliveries()
      #expect(rows.mapValues(\.status) == deliveries.deliveries.mapValues { $0.status.rawValue })
      let due = deliveries.deliveries.filter { $0.value.status == .due }
      #expect(Set(try await rig.due().keys) == Set(due.keys))
      #expect(try await rig.unread() == ProjectionRig.unread(fold.state))
    }
  }

  @Test("a rebuild that was broken off goes on, and the swap folds what came meanwhile")
  func goesOn() async throws {
    try await ProjectionRig.run { rig in
      let all = try events(12, 300, rig.app)
      try await rig.append(Array(all[..<150]))
      try await rig.project(rig.app, batch: 1_000)
      let first = rebuild(rig, batch: 10)
      #expect(try await first.begin())
      let task = Task {
        try await first.fold { progress in
          if progress.events > 0 { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      await #expect(throws: (any Error).self) { try await task.value }
      let position = try await first.progress().events
      #expect(position > 0 && position < 150)
      _ = try await rig.pool.query(
        "update ledger.checkpoints set leased_until = now() - interval '1 minute'")
      let second = rebuild(rig)
      #expect(try await !second.begin())
      #expect(try await second.fold { _ in }.left == 0)
      try await second.index()
      try await rig.append(Array(all[150...]))
      await #expect(throws: PostgresError.self) {
        _ = try await rig.pool.query("select ledger.swap_rebuild('notifications')")
      }
      _ = try await second.swap()
      #expect(try await rig.checkpoint() == 300)
      #expect(try await rig.rollUpDrift(rig.app) == [])
      #expect(
        try await rig.pool.query("select to_regnamespace('notifications_v1_old') is null")[0]
          .get(0))
    }
  }

  @Test("a rebuild's tables are those that serve: columns, constraints, indexes, rights")
  func makesTheSameTables() async throws {
    try await ProjectionRig.run { rig in
      let shape = """
        select string_agg(x, E'\\n' order by x) from (
          select replace(pg_get_indexdef(i.indexrelid), n.nspname, 's') as x
          from pg_index i join pg_class c on c.oid = i.indrelid
          join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1
          union all
          select c.relname || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
          from pg_constraint k join pg_class c on c.oid = k.conrelid
          join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1
          union all
          select c.relname || ' ' || coalesce(c.reloptions::text, '-') || ' '
            || coalesce(c.relacl::text, '-') || ' ' || obj_description(c.oid, 'pg_class')
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = $1 and c.relkind = 'r'
          union all
          select c.relname || ' ' || a.attname || ' ' || a.atttypid::regtype || ' '
            || a.attnotnull || ' ' || coalesce(a.attstattarget, -1) || ' ' || coalesce(col_description(c.oid, a.attnum), '-')
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          where n.nspname = $1 and c.relkind = 'r'
          union all
          select n.nspacl::text from pg_namespace n where n.nspname = $1) s
        """
      let before: String = try await rig.pool.query(shape, ["notifications_v1"])[0].get(0)
      _ = try await run(rig)
      let after: String = try await rig.pool.query(shape, ["notifications_v1"])[0].get(0)
      #expect(before == after)
      #expect(before.contains("deliveries_user"))
    }
  }

  @Test("what is given up leaves nothing behind")
  func isGivenUp() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try events(13, 50, rig.app))
      let rebuild = rebuild(rig)
      let notBegun = SwapRefusal.notBegun("notifications")
      #expect(notBegun.description.hasSuffix("pushledger projections rebuild notifications"))
      await #expect(throws: notBegun) { try await rebuild.drop() }
      await #expect(throws: notBegun) { _ = try await rebuild.swap() }
      #expect(try await rebuild.begin())
      _ = try await rebuild.fold { _ in }
      try await rebuild.drop()
      let left: Int64 = try await rig.pool.query(
        """
        select count(*) from ledger.checkpoints where projection = 'notifications/next'
          or to_regnamespace('notifications_v1_next') is not null
        """)[0].get(0)
      #expect(left == 0)
      #expect(try await rebuild.begin(), "another can begin")
    }
  }

  @Test("an event that cannot be folded stops its app alone, is named, and can be skipped")
  func standsStill() async throws {
    try await ProjectionRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      let all = try events(14, 60, rig.app)
      try await rig.append(Array(all[..<20]))
      // Nobody can append such a thing: it comes from a version that knows more.
      _ = try await rig.pool.query(
        """
        with head as (
          update ledger.heads set position = 21 where app = $1 returning app)
        insert into ledger.events (app, position, event_id, type, schema, stream, occurred_at,
          recorded_at, data, digest)
        select app, 21, gen_random_uuid(), 'message.sung', 1, 'message/x', now(), now(), '{}', '\\x00'
        from head
        """, [rig.app.rawValue])
      try await rig.append(Array(all[20...]))
      try await rig.append(try events(15, 30, other), to: other)
      try await rig.project(rig.app, batch: 1_000)
      try await rig.project(other, batch: 1_000)
      let rows = try await rig.pool.query(
        """
        select app, position, failed_position, failure from ledger.checkpoints order by app
        """)
      let found = try rows.map { row in
        "\(try row.get(0, as: String.self)) \(try row.get(1, as: Int64.self)) "
          + "\(try row.optional(2, as: Int64.self).map(String.init) ?? "-") "
          + (try row.optional(3, as: String.self) ?? "-")
      }
      #expect(
        found.sorted()
          == [
            "\(rig.app) 20 21 message.sung: unknown_value in type", "other 30 - -",
          ].sorted())
      try await rig.append([
        try EventDoor.event(
          from: [
            "event_id": .string(UUID().uuidString), "type": "projection.event_skipped",
            "occurred_at": "2026-01-01T00:00:00Z",
            "data": ["projection": "notifications", "position": 21],
          ])
      ])
      _ = try await rig.pool.query(
        "update ledger.checkpoints set failed_at = null, failed_position = null, failure = null")
      try await rig.project(rig.app, batch: 1_000)
      let position: Position = try await rig.pool.query(
        "select position from ledger.checkpoints where app = $1", [rig.app.rawValue])[0].get(0)
      #expect(position == 62)
      _ = try await run(rig)
      #expect(try await rig.rollUpDrift(rig.app) == [])
    }
  }
}
