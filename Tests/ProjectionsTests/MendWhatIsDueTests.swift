import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

/// After a swap over one that was far behind.
@Suite("Mend what is due", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(10)))
struct MendWhatIsDue {
  private static let count = 2_600

  /// Ann writes to sixty people, of whom twenty read now and then.
  private func history() throws -> [NewEvent] {
    var events: [NewEvent] = []
    func add(_ type: String, _ data: JSON, _ content: JSON? = nil) throws {
      events.append(
        try EventDoor.event(
          from: .object(present: [
            ("event_id", .string(SeededIDs.next(events.count))), ("type", .string(type)),
            ("occurred_at", "2026-01-01T12:00:00Z"), ("data", data), ("content", content),
          ])))
    }
    func send(to conversation: JSON) throws {
      try add(
        "message.sent",
        [
          "message_id": .string("m\(events.count)"), "from": "ann", "conversation": conversation,
        ], ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]])
    }
    let users = (0..<60).map { JSON.string("u\($0)") }
    for (index, user) in users.enumerated() {
      try add(
        "device.registered",
        ["user": user, "device": "phone", "platform": "ios", "provider": "apns"],
        ["token": .string("token-\(index)")])
      try add("group.member_added", ["group": "g", "user": user])
    }
    try add("group.member_added", ["group": "g", "user": "ann"])
    while events.count < Self.count {
      let turn = events.count
      switch turn {
      case _ where turn % 97 == 5:
        try add("message.recalled", ["message_id": .string("m\(turn - 4)"), "by": "ann"])
      case _ where turn % 10 == 3:
        try add(
          "conversation.read",
          [
            "user": users[turn / 10 % 20], "conversation": ["group": "g"],
            "up_to": .string("m\(turn / 50 * 50 - 43)"),
          ])
      case _ where turn % 50 == 7: try send(to: ["group": "g"])
      default: try send(to: ["user": users[turn % 60]])
      }
    }
    return events
  }

  private func rebuilt(_ rig: ProjectionRig) async throws -> Rebuild {
    let rebuild = Rebuild(rig.pool)
    #expect(try await rebuild.begin())
    _ = try await rebuild.fold { _ in }
    try await rebuild.index()
    return rebuild
  }

  private func drifts(_ rig: ProjectionRig) async throws -> [String] {
    try await ProjectionDiff(rig.pool, app: rig.app, limit: 5).run().drifts.map(\.json.text)
  }

  private func mendedTo(_ rig: ProjectionRig) async throws -> Position? {
    try await rig.pool.query(
      "select mended_to from ledger.checkpoints where app = $1 and projection = 'notifications'",
      [rig.app.rawValue])[0].optional(0)
  }

  /// What the deliveries say is due.
  private func expected(_ rig: ProjectionRig) async throws -> Set<UUID> {
    Set(try await rig.deliveries().filter { $0.value.status == "due" }.keys)
  }

  /// As a swap leaves it of which nothing is due yet, though it should be.
  private func loseAll(_ rig: ProjectionRig) async throws {
    _ = try await rig.pool.query("delete from dispatch.due")
    _ = try await rig.pool.query("update ledger.checkpoints set cleared_to = 0, mended_to = 0")
  }

  private func step(_ rig: ProjectionRig) async throws -> ProjectionStep.Progress {
    let step = ProjectionStep(app: rig.app, owner: "test", eventsPerBatch: 1_000)
    let progress = try await IsolatedStep(step, rig.pool).run(held: HeldState())
    try await Checkpoints(rig.pool).release(.serving, of: [rig.app], by: "test")
    return progress
  }

  @Test("the swap folds nothing of what served, and all is due then", arguments: [0, 400, 1_300])
  func afterTheSwap(folded: Int) async throws {
    try await ProjectionRig.run { rig in
      let all = try history()
      try await rig.append(Array(all[..<folded]))
      try await rig.project(rig.app, batch: 1_000)
      try await rig.append(Array(all[folded...]))
      let before = try await rig.due()
      let rebuild = try await rebuilt(rig)
      #expect(try await rebuild.takeOver().mended == 0)
      #expect(try await mendedTo(rig) == 0)
      #expect(try await rig.due() == before)
      #expect(try await rebuild.mendWhatIsDue().rows > 0)
      #expect(try await mendedTo(rig) == nil)
      let due = Set(try await rig.due().keys)
      #expect(try await due == expected(rig))
      #expect(!due.subtracting(before.keys).isEmpty, "or there was nothing to set right")
      #expect(folded == 0 || !Set(before.keys).subtracting(due).isEmpty)
      #expect(try await drifts(rig) == [])
    }
  }

  @Test("what the two decide differently of a message that came after the look is set right, too")
  func afterTheLook() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(Array(try history().prefix(400)))
      try await rig.project(rig.app, batch: 1_000)
      let before = try await rig.due()
      // What serves lost a device behind PushLedger's back.
      _ = try await rig.pool.query("delete from notifications_v1.devices where user_id = 'u59'")
      let rebuild = try await rebuilt(rig)
      var drift = DueDrift(rig.pool)
      try await drift.find(near: Rebuild.eventsInSwap)
      try await rig.append([
        try EventDoor.event(
          from: [
            "event_id": .string(SeededIDs.next(Self.count)), "type": "message.sent",
            "occurred_at": "2026-01-01T12:00:00Z",
            "data": ["message_id": "late", "from": "ann", "conversation": ["user": "u59"]],
            "content": ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]],
          ])
      ])
      try await rig.project(rig.app, batch: 1_000)
      #expect(try await rig.due() == before)
      let found = drift.apps
      let done = try await rig.pool.transaction { connection in
        try await rebuild.takeOver(found, isPatient: true, on: connection)
      }
      #expect(done?.mended == 0)
      #expect(try await mendedTo(rig) == 400)
      #expect(try await rebuild.mendWhatIsDue().rows == 1)
      #expect(try await rig.due().count == before.count + 1)
      #expect(try await Set(rig.due().keys) == expected(rig))
    }
  }

  @Test("what is to be set right is looked for where it is much, too, and not under the locks")
  func afterMuchDrift() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try history())
      try await rig.project(rig.app, batch: 1_000)
      let due = try await rig.due()
      let rebuild = try await rebuilt(rig)
      _ = try await rig.pool.query("delete from dispatch.due")
      _ = try await rig.pool.query(
        """
        insert into dispatch.due (app, provider, lane, position, delivery_id, user_id, device_id,
          due_at, expires_at)
        select $1, 'apns', 1, i, gen_random_uuid(), 'nobody', 'none', now(), now()
        from generate_series(1, $2) i
        """, [rig.app.rawValue, Int32(Rebuild.rowsInSwap)])
      #expect(try await rebuild.takeOver().mended == 0)
      #expect(try await mendedTo(rig) == 0)
      #expect(try await rebuild.mendWhatIsDue().rows == Int64(Rebuild.rowsInSwap + due.count))
      #expect(try await rig.due() == due)
    }
  }

  @Test("part by part, all of a message at once, and nothing is folded before the end")
  func partByPart() async throws {
    try await ProjectionRig.run { rig in
      let all = try history()
      try await rig.append(Array(all.dropLast()))
      try await rig.project(rig.app, batch: 1_000)
      let due = try await rig.due()
      try await loseAll(rig)
      var positions: [Position] = []
      while let mended = try await mendedTo(rig) {
        _ = try await rig.pool.query(
          "select dispatch.mend_due_further($1, 3)", [rig.app.rawValue])
        positions.append(mended)
        let partly: Int64 = try await rig.pool.query(
          """
          select count(*) from notifications_v1.deliveries d
          where d.status = 'due' and d.position <= (select coalesce(c.mended_to, c.position)
              from ledger.checkpoints c)
            and not exists (select from dispatch.due u where u.delivery_id = d.delivery_id)
          """)[0].get(0)
        #expect(partly == 0)
      }
      #expect(positions.count > 5)
      #expect(positions == positions.sorted())
      #expect(try await rig.due() == due)

      try await rig.append([try #require(all.last)])
      try await loseAll(rig)
      while try await mendedTo(rig) != nil {
        guard case .mended = try await step(rig) else {
          Issue.record("it folds before all is set right")
          return
        }
        #expect(try await rig.checkpoint() == Position(all.count - 1))
      }
      #expect(try await step(rig) == .folded(events: 1, pushes: 1))
      #expect(try await drifts(rig) == [])
    }
  }

  @Test("a delivery is never due in two places, though the wrong one is far behind the right one")
  func takesAwayFirst() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try history())
      try await rig.project(rig.app, batch: 1_000)
      let due = try await rig.due()
      _ = try await rig.pool.query(
        "delete from dispatch.due where position > (select min(position) from dispatch.due)")
      _ = try await rig.pool.query("update dispatch.due set position = $1", [Int64(Self.count)])
      _ = try await rig.pool.query("update ledger.checkpoints set cleared_to = 0, mended_to = 0")
      while try await mendedTo(rig) != nil {
        _ = try await rig.pool.query(
          "select dispatch.mend_due_further($1, 3)", [rig.app.rawValue])
        let twice: Int64 = try await rig.pool.query(
          "select count(*) - count(distinct delivery_id) from dispatch.due")[0].get(0)
        #expect(twice == 0)
      }
      #expect(try await rig.due() == due)
      #expect(try await drifts(rig) == [])
    }
  }

  @Test("what a try moves while it is to be taken away is taken away all the same")
  func takesAwayWhatMoves() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(Array(try history().prefix(400)))
      try await rig.project(rig.app, batch: 1_000)
      let due = try await rig.due()
      _ = try await rig.pool.query(
        "update dispatch.due set position = 1 where position = (select min(position) from dispatch.due)"
      )
      _ = try await rig.pool.query("update ledger.checkpoints set cleared_to = 0, mended_to = 0")
      let further = "select dispatch.mend_due_further($1, 1000)"
      try await rig.pool.transaction { connection in
        _ = try await connection.query(
          "update dispatch.due set attempts = attempts + 1 where position = 1")
        async let waiting = rig.pool.query(further, [rig.app.rawValue])
        while try await connection.query(
          """
          select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'
          """
        ).isEmpty {
          _ = try await connection.query("select pg_stat_clear_snapshot()")
        }
        try await connection.execute("commit; begin")
        _ = try await waiting
      }
      while try await mendedTo(rig) != nil {
        _ = try await rig.pool.query(further, [rig.app.rawValue])
      }
      #expect(try await rig.due() == due)
      #expect(try await drifts(rig) == [])
    }
  }

  @Test("a projector goes on where a swap died, and one that is paused waits")
  func goesOn() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try history())
      try await rig.project(rig.app, batch: 1_000)
      let due = try await rig.due()
      _ = try await rig.pool.query("delete from dispatch.due")
      _ = try await rig.pool.query(
        "update ledger.checkpoints set cleared_to = 0, mended_to = 0, paused_at = now()")
      try await rig.project(rig.app, batch: 1_000)
      #expect(try await rig.due().isEmpty)
      let control = ProjectionControl(rig.pool)
      #expect(try await control.states(app: rig.app).map(\.condition) == [.paused])
      _ = try await control.resume(.notifications, app: nil)
      #expect(try await control.states(app: rig.app).map(\.condition) == [.mending])
      // Another swap comes in between.
      _ = try await rebuilt(rig).swap()
      #expect(try await mendedTo(rig) == nil)
      #expect(try await rig.due() == due)

      try await loseAll(rig)
      try await rig.project(rig.app, batch: 1_000)
      #expect(try await rig.due() == due)
      #expect(try await control.states(app: rig.app).map(\.condition) == [.follows])
    }
  }

  @Test("what ended meanwhile does not become due again; what did not counts on")
  func leavesAttempts() async throws {
    for (outcome, number) in [("accepted", nil), ("retry", 1), ("unknown", 1)] as [(String, Int32?)]
    {
      try await leavesAttempt(outcome, number)
    }
  }

  /// - Parameter number: Of the attempt that the delivery is due again after; nil: it is not.
  private func leavesAttempt(_ outcome: String, _ number: Int32?) async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try history())
      try await rig.project(rig.app, batch: 1_000)
      let row = try await rig.pool.query(
        """
        select d.delivery_id, m.message_id, d.user_id, d.device_id, d.provider
        from notifications_v1.deliveries d
        join notifications_v1.messages m on m.app = d.app and m.position = d.position
        where d.status = 'due' order by d.position, d.delivery_id limit 1
        """)[0]
      let id: UUID = try row.get(0)
      let due = try await rig.due()
      try await loseAll(rig)
      try await rig.append([
        try EventDoor.event(
          from: [
            "event_id": .string(UUID().uuidString), "type": "push.attempted",
            "occurred_at": "2026-01-01T12:00:00Z",
            "data": [
              "delivery_id": JSON(id), "message_id": .string(try row.get(1)),
              "user": .string(try row.get(2)), "device": .string(try row.get(3)),
              "provider": .string(try row.get(4)), "attempt": 1, "outcome": .string(outcome),
              "started_at": "2026-01-01T12:00:01Z", "finished_at": "2026-01-01T12:00:02Z",
            ],
          ])
      ])
      while try await mendedTo(rig) != nil {
        guard case .mended = try await step(rig) else {
          Issue.record("it folds before all is set right")
          return
        }
      }
      let attempts = try await rig.pool.query(
        "select attempts from dispatch.due where delivery_id = $1", [id]
      ).first.map { try $0.get(0, as: Int32.self) }
      #expect(attempts == number, "\(outcome)")
      try await rig.project(rig.app, batch: 1_000)
      #expect(try await rig.due() == due.filter { number != nil || $0.key != id })
      #expect(try await rig.deliveries()[id]?.status == (number == nil ? "accepted" : "due"))
      #expect(try await drifts(rig) == [])
    }
  }

  @Test("the number of a try that is under way in another place is left out")
  func leavesNumbersOut() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try history())
      try await rig.project(rig.app, batch: 1_000)
      let all = try await rig.pool.query(
        """
        select lane, provider, position, delivery_id from dispatch.due
        order by position, delivery_id limit 3
        """)
      for (row, isElsewhere) in zip(all, ["place", "no", "provider"]) {
        let place: Position = try row.get(2)
        let provider: String = isElsewhere == "provider" ? "fcm" : try row.get(1)
        var values = PostgresParameters()
        values.add(rig.app.rawValue)
        values.add(try row.get(0, as: Int16.self))
        values.add(provider)
        values.add(isElsewhere == "place" ? place - 1 : place)
        values.add(try row.get(3, as: UUID.self))
        _ = try await rig.pool.query(
          """
          insert into dispatch.handed_out as h (app, lane, provider, epoch, number, positions,
            deliveries, attempts)
          values ($1, $2, $3, 1, 1, array[$4::bigint], array[$5::uuid], '{3}')
          on conflict (app, lane, provider) do update set
            positions = h.positions || excluded.positions,
            deliveries = h.deliveries || excluded.deliveries,
            attempts = h.attempts || excluded.attempts
          """, values)
      }
      try await loseAll(rig)
      try await rig.project(rig.app, batch: 1_000)
      let numbers = try await rig.pool.query(
        "select attempts from dispatch.due order by position, delivery_id limit 4"
      ).map { try $0.get(0, as: Int32.self) }
      #expect(numbers == [3, 0, 3, 0])
    }
  }
}
