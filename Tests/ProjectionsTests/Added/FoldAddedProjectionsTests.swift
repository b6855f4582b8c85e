import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct FoldAddedProjections {
  private static let sums = "select events || ' ' || positions from projection_tally.sums"
  private static let seen = "select count(*) || ' ' || sum(position) from projection_tally.seen"

  /// So many events from position 1, and the sum of their positions.
  private static func expected(_ count: Int) -> String { "\(count) \(count * (count + 1) / 2)" }

  private func append(_ count: Int, seed: UInt64 = 1, _ rig: ProjectionRig) async throws {
    var history = RandomHistory(seed: seed, app: rig.app)
    try await rig.append(try history.events(count).map { try EventDoor.event(from: $0) })
  }

  @Test(
    "G17: each event is folded once, however the ledger is cut", arguments: [1, 7, 100, 10_000])
  func foldsEachEventOnce(batch: Int) async throws {
    try await ProjectionRig.run { rig in
      try await append(150, rig)
      #expect(try await rig.add("tally", AddedSQL.tally) == .added)
      #expect(try await rig.fold("tally", limit: batch) == .caughtUp)
      try await append(120, seed: 2, rig)
      #expect(try await rig.fold("tally", limit: batch) == .caughtUp)
      #expect(try await rig.text(Self.sums) == Self.expected(270))
      #expect(try await rig.text(Self.seen) == Self.expected(270))
      #expect(try await rig.checkpoint(of: "tally") == 270)
    }
  }

  @Test("G17: a connection cut between fold and commit folds nothing; the next folds all")
  func foldsNothingWithoutItsCheckpoint() async throws {
    try await ProjectionRig.run { rig in
      try await append(90, rig)
      try await rig.add("tally", AddedSQL.tally, batch: 30)
      for round in 0..<4 {
        await #expect(throws: PostgresError.self) {
          try await rig.pool.transaction { connection in
            let process: Int32 = try await connection.query("select pg_backend_pid()")[0].get(0)
            let progress = try await rig.step("tally").batch(of: 30, on: connection)
            #expect(progress == (round < 3 ? .folded(to: Position(30 * (round + 1))) : .caughtUp))
            _ = try await rig.pool.query("select pg_terminate_backend($1, 10000)", [process])
          }
        }
        let done = 30 * min(round, 3)
        #expect(try await rig.checkpoint(of: "tally") == Position(done))
        #expect(try await rig.text(Self.seen) ?? "0 " == (done == 0 ? "0 " : Self.expected(done)))
        _ = try await rig.step("tally").run(on: rig.pool)
      }
      #expect(try await rig.text(Self.sums) == Self.expected(90))
    }
  }

  @Test("G17: two projectors at once fold each event once")
  func foldsOnceByTwo() async throws {
    try await ProjectionRig.run { rig in
      try await rig.add("tally", AddedSQL.tally, batch: 5)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { for seed in 1...6 { try await append(40, seed: UInt64(seed), rig) } }
        for name in ["one", "two"] {
          group.addTask {
            while try await rig.checkpoint(of: "tally") < 240 {
              // A lease of another that ended is taken over; one that goes on is left alone.
              _ = try await rig.step("tally", by: name).run(on: rig.pool)
              try await Checkpoints(rig.pool).release("tally", of: [rig.app], by: name)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await rig.text(Self.sums) == Self.expected(240))
    }
  }

  @Test("a projector leaves an app to the one that holds it until its lease ends")
  func leavesWhatAnotherHolds() async throws {
    try await ProjectionRig.run { rig in
      try await append(10, rig)
      try await rig.add("tally", AddedSQL.tally, batch: 5)
      #expect(try await rig.step("tally", by: "one").run(on: rig.pool) == .folded(to: 5))
      #expect(try await rig.step("tally", by: "two").run(on: rig.pool) == .heldByAnother)
      _ = try await rig.pool.query(
        "update ledger.checkpoints set leased_until = now() - interval '1 second'")
      #expect(try await rig.step("tally", by: "two").run(on: rig.pool) == .folded(to: 10))
      #expect(try await rig.step("tally", by: "one").run(on: rig.pool) == .heldByAnother)
    }
  }

  @Test("it is given the types that it asks for, their facts, and no content")
  func givesTheFactsOfItsTypes() async throws {
    try await ProjectionRig.run { rig in
      try await append(300, rig)
      try await rig.add(
        "facts",
        """
        create table facts (event jsonb);
        create function fold(events pushledger.event[]) returns void language sql as
          'insert into facts select to_jsonb(e) from unnest(events) as e';
        """, types: [.messageSent, .userUpdated])
      #expect(try await rig.fold("facts") == .caughtUp)
      #expect(try await rig.checkpoint(of: "facts") == 300)
      let same = try await rig.text(
        """
        select count(*) > 0 and count(*) = count(f.event)
          and count(*) = (select count(*) from projection_facts.facts)
        from ledger.events e
        left join projection_facts.facts f on f.event = jsonb_build_object(
          'app', e.app, 'position', e.position, 'event_id', e.event_id, 'type', e.type,
          'schema', e.schema, 'stream', e.stream, 'occurred_at', e.occurred_at,
          'recorded_at', e.recorded_at, 'data', e.data)
        where e.type in ('message.sent', 'user.updated')
        """)
      #expect(same == "true")
    }
  }

  @Test("an event that cannot be folded stops its app alone, is named, and can be skipped")
  func standsStillBeforeWhatFails() async throws {
    try await ProjectionRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      try await append(60, rig)
      let sql = AddedSQL.tally.replacing(
        "begin\n",
        with: """
          begin
            if exists (select from unnest(events) e where e.app <> 'other' and e.position = 38) then
              raise exception 'no more than 37' using errcode = '22003';
            end if;

          """)
      try await rig.add("tally", sql)
      let event = PoisonedEvent(position: 38, reason: "no more than 37 (SQLSTATE 22003)")
      #expect(try await rig.fold("tally") == .poisoned(event))
      #expect(try await rig.fold("tally") == .standsStill)
      #expect(try await rig.checkpoint(of: "tally") == 37)
      #expect(try await rig.text(Self.sums) == Self.expected(37))
      let control = ProjectionControl(rig.pool)
      let name = try await control.require("tally")
      let state = try #require(try await control.states(of: name, app: rig.app).first)
      #expect(state.condition == .failed && state.failedPosition == 38 && state.lag == 23)
      #expect(state.failure == event.reason)
      var history = RandomHistory(seed: 3, app: other)
      try await rig.append(
        try history.events(45).map { try EventDoor.event(from: $0) }, to: other)
      let elsewhere = AddedStep(projection: name, app: other, owner: "test")
      #expect(try await elsewhere.run(on: rig.pool) == .folded(to: 45))
      await #expect(throws: ProjectionControl.Refusal.notFailed(rig.app, 37)) {
        try await control.skip(name, of: rig.app, at: 37, reason: nil, now: .systemClock())
      }
      try await control.skip(name, of: rig.app, at: 38, reason: "too large", now: .systemClock())
      #expect(try await rig.fold("tally") == .caughtUp)
      #expect(try await rig.checkpoint(of: "tally") == 61)
      #expect(
        try await rig.text("\(Self.sums) where app = '\(rig.app)'")
          == "60 \(61 * 62 / 2 - 38)")
    }
  }

  @Test("a fold that fails at the first event is named as well, before anything was folded")
  func standsStillAtOnce() async throws {
    try await ProjectionRig.run { rig in
      try await append(20, rig)
      try await rig.add(
        "tally",
        """
        create function fold(events pushledger.event[]) returns void language plpgsql as
          'begin raise exception ''not at all'' using errcode = ''22003''; end';
        """)
      let event = PoisonedEvent(position: 1, reason: "not at all (SQLSTATE 22003)")
      #expect(try await rig.fold("tally") == .poisoned(event))
      #expect(try await rig.fold("tally") == .standsStill)
      let control = ProjectionControl(rig.pool)
      let name = try await control.require("tally")
      let state = try #require(try await control.states(of: name, app: rig.app).first)
      #expect(state.condition == .failed && state.failedPosition == 1)
      try await control.skip(name, of: rig.app, at: 1, reason: nil, now: .systemClock())
      #expect(
        try await rig.fold("tally")
          == .poisoned(PoisonedEvent(position: 2, reason: "not at all (SQLSTATE 22003)")))
    }
  }

  @Test("paused it stands still; resumed it goes on; a projector folds all that are behind")
  func pausesAndGoesOn() async throws {
    try await ProjectionRig.run { rig in
      try await append(20, rig)
      try await rig.add("tally", AddedSQL.tally)
      let control = ProjectionControl(rig.pool)
      let name = try await control.require("tally")
      _ = try await control.pause(name, app: rig.app)
      let projector = AddedProjector(pool: rig.pool, listener: nil, logger: TestDatabase.logger)
      try await projector.catchUp()
      #expect(try await rig.checkpoint(of: "tally") == 0)
      #expect(try await rig.step("tally").run(on: rig.pool) == .standsStill)
      #expect(try await control.resume(name, app: rig.app) == 1)
      try await projector.catchUp()
      try await projector.release()
      #expect(try await rig.text(Self.sums) == Self.expected(20))
      #expect(
        try await rig.text("select count(*) from ledger.checkpoints where owner is not null")
          == "0")
    }
  }

  @Test("the examples show what the events say")
  func foldsTheExamples() async throws {
    try await ProjectionRig.run { rig in
      func message(_ number: Int, from: String, to: JSON, at seconds: Int64) throws -> NewEvent {
        try EventDoor.event(from: [
          "event_id": .string(UUID().uuidString), "type": "message.sent",
          "occurred_at": .string(
            Timestamp(microseconds: 1_767_225_600_000_000 + seconds * 1_000_000).description),
          "data": [
            "message_id": .string("m\(number)"), "from": .string(from), "conversation": to,
          ],
          "content": ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "Hi"]]]],
        ])
      }
      var events: [NewEvent] = []
      // 13 messages of ann in one minute, 10 of bob; the pair counts once, whoever writes.
      for second in 0..<13 {
        events.append(
          try message(events.count, from: "ann", to: ["user": "bob"], at: Int64(second)))
        guard second < 10 else { continue }
        events.append(
          try message(events.count, from: "bob", to: ["user": "ann"], at: Int64(second)))
      }
      events.append(try message(events.count, from: "ann", to: ["group": "team"], at: 100))
      events.append(try message(events.count, from: "ann", to: ["group": "team"], at: 86_400))
      try await rig.append(events)
      #expect(try await rig.add(example: "daily-active-conversations") == .added)
      #expect(try await rig.add(example: "spam-rate-watch") == .added)
      for batch in [1, 4, 10_000] {
        for name in ["daily_active_conversations", "spam_rate_watch"] {
          #expect(try await rig.fold(name, limit: batch) == .caughtUp)
        }
        let days = try await rig.text(
          """
          select string_agg(concat_ws(' ', day, conversations, messages, messages_of_busiest), ', '
            order by day) from projection_daily_active_conversations.daily_active
          """)
        #expect(days == "2026-01-01 2 24 23, 2026-01-02 1 1 1")
        let bursts = try await rig.text(
          """
          select string_agg(concat_ws(' ', sender, minute, messages, first_position), ', ')
          from projection_spam_rate_watch.bursts
          """)
        #expect(bursts == "ann 2026-01-01 00:00:00+00 13 21")
        for name in ["daily_active_conversations", "spam_rate_watch"] {
          try await AddedProjections(rig.pool).remove(ProjectionName(unchecked: name))
          try await rig.add(example: name.replacing("_", with: "-"))
        }
      }
    }
  }
}
