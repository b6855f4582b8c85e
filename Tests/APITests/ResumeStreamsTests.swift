import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ResumeStreams {
  @Test("G10, G11: who comes again with the last id gets the rest, once and in order")
  func resumes() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      try await rig.sendAndFold(["m1", "m2", "m3"])
      var first = try await rig.openStream()
      let told = try await first.events(3)
      try await first.close()
      try await rig.sendAndFold(["m4"])
      var second = try await rig.openStream(lastEventID: told[1].id)
      #expect(try await second.events(2).map(\.message) == ["m3", "m4"])
      #expect(
        try await rig.attempts()
          == ["m1 1 accepted", "m2 1 accepted", "m3 1 unknown"],
        "G10, G11")
      try await rig.sendAndFold(["m5"])
      let last = try #require(try await second.event())
      #expect(last.message == "m5")
      #expect(try await rig.acknowledge(last.id).json == ["acknowledged": 3])
      #expect(
        try await rig.attempts().suffix(3) == ["m3 2 accepted", "m4 1 accepted", "m5 1 accepted"])
      let report = try await rig.get("/v1/messages/m3?at_least=\(try await rig.head())")
      let delivery = try #require(report.json["deliveries"]?.array?.first)
      #expect(delivery["status"] == "accepted" && delivery["attempts"] == 2)
      let reasons = try await rig.pool.query(
        "select reason from pushledger.attempts where outcome = 'unknown'")
      #expect(try reasons.map { try $0.get(0, as: String.self) } == ["not_acknowledged"])
    }
  }

  @Test("G8, G11: what nobody acknowledged comes again, as the next attempt")
  func tellsAgain() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      try await rig.sendAndFold(["m1", "m2"])
      for _ in 0..<3 {
        var stream = try await rig.openStream()
        #expect(try await stream.events(2).map(\.message) == ["m1", "m2"])
        try await stream.close()
      }
      #expect(
        try await rig.attempts()
          == ["m1 1 unknown", "m2 1 unknown", "m1 2 unknown", "m2 2 unknown"])
      let rows = try await rig.pool.query("select distinct attempt from dispatch.sent")
      #expect(try rows.map { try $0.get(0, as: Int32.self) } == [3])
    }
  }

  @Test("G8: what is set right behind what was told ends the stream, and is told on the next")
  func tellsWhatWasLost() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      try await rig.sendAndFold(["m1"])
      _ = try await rig.pool.query("delete from dispatch.due")
      var first = try await rig.openStream()
      try await rig.sendAndFold(["m2"])
      #expect(try await first.event()?.message == "m2")
      _ = try await rig.pool.query(
        "update ledger.checkpoints set cleared_to = 0, mended_to = 0 where projection = 'notifications'"
      )
      #expect(try await first.event() == nil, "it ends")
      var second = try await rig.openStream()
      #expect(try await second.events(2).map(\.message) == ["m1", "m2"])
    }
  }

  @Test("a newer stream of a device ends the older one, which is told so")
  func replaces() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      var older = try await rig.openStream()
      #expect(await older.line() == "retry: 3000")
      var newer = try await rig.openStream()
      let end = try #require(try await older.event())
      #expect(end.name == "replaced")
      #expect(try await older.event() == nil, "it ends")
      try await rig.sendAndFold(["m1"])
      #expect(try await newer.event()?.message == "m1")
      #expect(try await rig.rows(of: "dispatch.streams") == 1)
    }
  }

  @Test("G9, G11: a stream that another process takes over ends, and hands out no more")
  func isTakenOver() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      var stream = try await rig.openStream()
      #expect(await stream.line() == "retry: 3000")
      _ = try await rig.pool.query(
        "select dispatch.open_stream($1, 'bob', 'phone', 'streams-other', 1)",
        [APIRig.demo.rawValue])
      #expect(try await stream.event()?.name == "replaced")
      try await rig.sendAndFold(["m1"])
      #expect(try await rig.rows(of: "dispatch.sent") == 0)
      // What the other sent and never recorded, because it died, is recorded by who comes next.
      _ = try await rig.pool.query(
        """
        select dispatch.hand_out_streams($1, 'streams-other', null, null, 10, '{bob}', '{phone}',
          '{1}', '{0}', 10)
        """, [APIRig.demo.rawValue])
      #expect(try await rig.rows(of: "dispatch.sent") == 1)
      var next = try await rig.openStream()
      #expect(try await next.event()?.message == "m1")
      #expect(try await rig.attempts() == ["m1 1 unknown"])
    }
  }

  @Test("what is recalled, read or expired while it waits is not told")
  func callsOff() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      try await rig.sendAndFold(["m1", "m2"])
      _ = try await rig.post(
        "/v1/users/bob/read", ["conversation": ["user": "ann"], "up_to": "m1"])
      _ = try await rig.delete("/v1/messages/m2")
      let soon = Timestamp.systemClock() + .milliseconds(300)
      _ = try await rig.post(
        "/v1/messages", PostMessages.message("m3").setting("expires_at", to: JSON(soon)))
      try await rig.sendAndFold(["m4"])
      try await eventually { Timestamp.systemClock() > soon }
      var stream = try await rig.openStream()
      #expect(try await stream.event()?.message == "m4")
      #expect(try await rig.attempts() == [])
    }
  }

  @Test("G10: what was sent and is called off, or expires, is recorded all the same")
  func recordsWhatIsCalledOff() async throws {
    var setup = APIRig.Setup()
    setup.configuration.streamTiming.sweep = .milliseconds(20)
    try await APIRig.run(setup) { rig in
      try await rig.registerStream()
      let soon = Timestamp.systemClock() + .milliseconds(1_500)
      _ = try await rig.post(
        "/v1/messages", PostMessages.message("m1").setting("expires_at", to: JSON(soon)))
      try await rig.sendAndFold(["m2", "m3"])
      var stream = try await rig.openStream()
      let told = try await stream.events(3)
      #expect(told.map(\.message) == ["m1", "m2", "m3"])
      let recalled = try await rig.delete("/v1/messages/m2")
      _ = try await rig.get("/v1/users/bob/devices?at_least=\(recalled.position ?? 0)")
      try await eventually { try await rig.attempts() == ["m1 1 unknown"] }
      #expect(try await rig.acknowledge(told.last?.id).json == ["acknowledged": 2])
      #expect(try await rig.attempts().suffix(2) == ["m2 1 accepted", "m3 1 accepted"])
      let listed = try await rig.pool.query(
        """
        select attempts from dispatch.list_expired($1, array(select generate_series(0, 63)::smallint),
          10)
        """, [APIRig.demo.rawValue])
      #expect(try listed.map { try $0.get(0, as: Int32.self) } == [1])
    }
  }

  @Test("an acknowledgement that the ledger cannot take is refused, and can be repeated")
  func refusesWhatIsNotStored() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      try await rig.sendAndFold(["m1"])
      var stream = try await rig.openStream()
      let told = try #require(try await stream.event())
      let before = try await rig.head()
      _ = try await rig.pool.query(
        "alter function ledger.append_batch rename to append_batch_gone")
      let refused = try await rig.acknowledge(told.id)
      #expect(refused.status >= 500)
      #expect(try await rig.rows(of: "dispatch.due") == 1, "all or nothing")
      #expect(try await rig.rows(of: "dispatch.sent") == 1)
      _ = try await rig.pool.query(
        "alter function ledger.append_batch_gone rename to append_batch")
      #expect(try await rig.head() == before)
      #expect(try await rig.acknowledge(told.id).json == ["acknowledged": 1])
    }
  }
}
