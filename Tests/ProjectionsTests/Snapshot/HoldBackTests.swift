import Foundation
import Ledger
import Postgres
import PushCore
import Synchronization
import TestSupport
import Testing

@testable import Projections

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct HoldBackDetaching {
  @Test("what still needs a message keeps it here, and is named")
  func namesWhatHolds() async throws {
    try await DetachRig.run { rig in
      var history = RandomHistory(seed: 700, app: rig.app)
      try await rig.append(&history, 240)
      try await rig.accept()
      let first = try await rig.appendUntilDue(&history)
      var report = try await rig.detach()
      #expect(report.heldBy == "a push that is due" && report.position < first)
      try await rig.accept()
      _ = try await Subscriptions(rig.rig.pool).create(
        SubscriptionName(unchecked: "reports"), of: rig.app, types: nil, after: report.position)
      let held = try await rig.detach()
      #expect(held.heldBy == "the subscription reports" && held.position == report.position)
      try await rig.rig.append(try history.events(10).map { try EventDoor.event(from: $0) })
      _ = try await rig.rig.pool.query("delete from ledger.subscriptions")
      report = try await rig.detach()
      #expect(report.heldBy == "the projection notifications")
      try await rig.rig.project(rig.app, batch: 100)
      try await rig.accept()
      report = try await rig.detach()
      #expect(report.heldBy == nil)
      #expect(try await rig.head() == report.position)
      #expect(try await rig.drift() == [])
    }
  }

  @Test("broken off after any step, it goes on and takes out the same")
  func goesOn() async throws {
    try await DetachRig.run { rig in
      var history = RandomHistory(seed: 702, app: rig.app)
      try await rig.append(&history, 200)
      try await rig.accept()
      let end = try await rig.head()
      let wanted = try await rig.lasting(after: end)
      _ = try await Archiver(rig.rig.pool)
        .run(rig.app, before: Timestamp(microseconds: .max / 4), to: rig.folder)
      let archive = try ArchiveReader(rig.folder)
      var events: Int64 = 0
      var breaks = 0
      while true {
        let seen = Atomic(0)
        do {
          // One batch further each time, until it comes to its end.
          let limit = breaks
          let task = Task {
            try await Detacher(rig.rig.pool, positionsPerStep: 30).run(rig.app, archive: archive) {
              _, _ in
              if seen.add(1, ordering: .relaxed).newValue > limit {
                withUnsafeCurrentTask { $0?.cancel() }
              }
            }
          }
          events += try await task.value.events
          break
        } catch {
          breaks += 1
          #expect(breaks < 200, "\(error)")
          guard breaks < 200 else { return }
        }
        #expect(try await rig.drift() == [], "after \(breaks) breaks")
      }
      #expect(breaks > 2)
      #expect(try await rig.drift() == [])
      rig.expectSame(wanted, try await rig.lasting(after: end))
      let left: Int64 = try await rig.rig.pool.query(
        "select count(*) from ledger.events where ledger.is_detachable(type)")[0].get(0)
      #expect(left == 0)
      let ids: Int64 = try await rig.rig.pool.query(
        """
        select (select count(*) from ledger.events) + (select count(*) from ledger.detached_ids)
        """)[0].get(0)
      #expect(ids == end)
    }
  }

  @Test("what was added is not made anew of a ledger that lacks messages")
  func refusesToMakeAnew() async throws {
    try await DetachRig.run { rig in
      var history = RandomHistory(seed: 703, app: rig.app)
      try await rig.append(&history, 80)
      try await rig.accept()
      let sql = """
        create table seen (app text, position bigint, primary key (app, position));
        create function fold(events pushledger.event[]) returns void language sql
          as $$ insert into seen select e.app, e.position from unnest(events) as e $$;
        """
      try await rig.rig.add("seen", sql)
      #expect(try await rig.detach().heldBy == "the projection seen")
      try await rig.rig.fold("seen")
      #expect(try await rig.detach().heldBy == nil)
      let rebuild = AddedRebuild(rig.rig.pool, of: ProjectionName(unchecked: "seen"))
      for again in [
        { _ = try await rebuild.begin() },
        { _ = try await rig.rig.add("seen", sql + "\n-- Otherwise.") },
      ] as [@Sendable () async throws -> Void] {
        let error = await #expect(throws: PostgresError.self) { try await again() }
        #expect(error?.sqlState == "LG030")
      }
      try await rig.rig.add("late", sql)
      try await rig.rig.fold("late")
      let head = try await rig.head()
      #expect(try await rig.rig.checkpoint(of: "late") == head)
    }
  }

  @Test("nothing is taken out whose file of the archive is not sound any more")
  func asksForTheFiles() async throws {
    try await DetachRig.run { rig in
      var history = RandomHistory(seed: 704, app: rig.app)
      _ = try await rig.appendUntilDue(&history)
      let moment = try await rig.now()
      try await rig.accept()
      // What was accepted after the first archive's end stays for now.
      let report = try await rig.detach(before: moment)
      #expect(report.kept > 0 && report.events > 0)
      let left = try await rig.events()
      try FileManager.default.removeItem(atPath: rig.folder + "/events-1.ndjson.gz")
      await #expect(throws: ArchiveError.self) { try await rig.detach() }
      #expect(try await rig.events() == left)
      #expect(try await rig.drift() == [])
    }
  }

  @Test("other settings than those that decided keep nothing back")
  func foldsWithTodaysSettings() async throws {
    try await DetachRig.run { rig in
      var history = RandomHistory(seed: 705, app: rig.app)
      try await rig.append(&history, 240)
      try await rig.accept()
      _ = try await rig.rig.pool.query("update ledger.apps set suppressed_rows_limit = 0")
      let report = try await rig.detach()
      #expect(report.events > 0 && report.kept == 0, "\(report)")
    }
  }

  /// Messages that were all accepted.
  /// - Returns: Who wrote the first.
  private func someoneWhoWrote(_ rig: DetachRig) async throws -> String {
    var history = RandomHistory(seed: 706, app: rig.app)
    try await rig.append(&history, 240)
    try await rig.accept()
    return try await rig.rig.pool.query(
      "select sender from notifications_v1.messages order by position limit 1")[0].get(0)
  }

  @Test("an erasure takes nothing of what was written after it, once that is restored, too")
  func keepsWhatCameLater() async throws {
    try await DetachRig.run { rig in
      let sender = try await someoneWhoWrote(rig)
      try await rig.detach()
      let scopes: [Erasure.Scope] = [
        .user(UserID(unchecked: sender)), .before(Timestamp.systemClock() + .seconds(86_400)),
      ]
      for scope in scopes {
        _ = try await Eraser(rig.rig.pool).run(scope, in: rig.app, reason: nil)
      }
      let erased = try await rig.head()
      let said = "said after the erasures"
      try await rig.rig.append([
        try EventDoor.event(
          from: [
            "event_id": .string(UUID().uuidString), "type": "message.sent",
            "occurred_at": "2026-03-01T12:00:00Z",
            "data": [
              "message_id": "later", "from": .string(sender), "conversation": ["user": "nobody"],
            ],
            "content": [
              "elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(said)]]]
            ],
          ])
      ])
      try await rig.rig.project(rig.app, batch: 100)
      try await rig.accept()
      try await rig.detach()
      let stays = "select count(*) from ledger.events where content::text like '%\(said)%'"
      #expect(try await rig.rig.pool.query(stays)[0].get(0, as: Int64.self) == 0)
      _ = try await Restorer(rig.rig.pool).run(try ArchiveReader(rig.folder), into: rig.app)
      #expect(try await rig.rig.pool.query(stays)[0].get(0, as: Int64.self) == 1)
      let texts: Int64 = try await rig.rig.pool.query(
        """
        select count(content) from ledger.events where type = 'message.sent' and position <= $1
        """, [erased])[0].get(0)
      #expect(texts == 0)
      #expect(try await Verifier(rig.rig.pool).verify(rig.app).flaw == nil)
    }
  }

  @Test("what was erased while it was in the archive does not come back")
  func erasesWhatComesBack() async throws {
    try await DetachRig.run { rig in
      let sender = try await someoneWhoWrote(rig)
      let texts = """
        select count(content) from ledger.events
        where type = 'message.sent' and data ->> 'from' = '\(sender)'
        """
      #expect(try await rig.rig.pool.query(texts)[0].get(0, as: Int64.self) > 0)
      try await rig.detach()
      let erased = try await Eraser(rig.rig.pool)
        .run(.user(UserID(unchecked: sender)), in: rig.app, reason: nil)
      #expect(erased.events > 0)
      try await rig.rig.project(rig.app, batch: 100)
      _ = try await Restorer(rig.rig.pool).run(try ArchiveReader(rig.folder), into: rig.app)
      #expect(try await rig.rig.pool.query(texts)[0].get(0, as: Int64.self) == 0)
      let others: Int64 = try await rig.rig.pool.query(
        "select count(content) from ledger.events where type = 'message.sent'")[0].get(0)
      #expect(others > 0)
      try await rig.rig.project(rig.app, batch: 100)
      try await rig.rebuild()
      #expect(try await rig.drift() == [])
      #expect(try await Verifier(rig.rig.pool).verify(rig.app).flaw == nil)
    }
  }
}
