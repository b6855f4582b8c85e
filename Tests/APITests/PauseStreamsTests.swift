import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite("Pause streams", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct PauseStreams {
  @Test(
    "G9: a paused app's streams stay open and get nothing; then all of it, in order",
    arguments: [ProviderName.callback, nil])
  func holdsBack(provider: ProviderName?) async throws {
    try await APIRig.run { rig in
      let pauses = DispatchPauses(rig.pool)
      try await rig.registerStream("bob")
      try await rig.registerStream("cid")
      try await rig.sendAndFold(["m1"])
      var live = try await rig.openStream()
      #expect(try #require(try await live.event()).message == "m1")
      #expect(try await pauses.pause(provider, of: APIRig.demo))
      try await rig.sendAndFold(["m2", "m3"])
      try await rig.sendAndFold(["m4"], to: ["user": "cid"])
      // One that comes while it is paused waits like the others.
      var late = try await rig.openStream("cid")
      #expect(late.status == 200)
      #expect(try await rig.rows(of: "dispatch.sent") == 1)
      let waiting = try await rig.pool.query(
        "select lacks || ' ' || due from pushledger.dispatch_status")
      #expect(try waiting.map { try $0.get(0, as: String.self) } == ["paused 4"])
      #expect(try await pauses.resume(provider, of: APIRig.demo))
      #expect(try await live.events(2).map(\.message) == ["m2", "m3"])
      #expect(try await late.events(1).map(\.message) == ["m4"])
      try await live.close()
      try await late.close()
    }
  }

  @Test("a pause of another provider holds no stream back")
  func leavesOthers() async throws {
    try await APIRig.run { rig in
      #expect(try await DispatchPauses(rig.pool).pause(.apns, of: APIRig.demo))
      try await rig.registerStream()
      try await rig.sendAndFold(["m1"])
      var stream = try await rig.openStream()
      #expect(try #require(try await stream.event()).message == "m1")
      try await stream.close()
    }
  }
}
