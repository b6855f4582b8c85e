import HTTPTypes
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Reactions

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct KeepCalling {
  private static let commands = ["C2C.CallbackAfterSendMsg"]

  private static func keys(_ rig: ReactionRig) -> [String] {
    rig.sink.calls.compactMap { $0.body["MsgKey"]?.string }
  }

  @Test("a call that is not taken is tried again, and nothing after it comes before")
  func triesAgain() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands)
      for id in ["m1", "m2", "m3"] { try await rig.send(id) }
      try await rig.project()
      let caller = rig.caller { $0.longestWait = .zero }
      rig.sink.answer(.ok, .internalServerError, .notFound)
      _ = try await caller.tell(webhook)
      #expect(Self.keys(rig) == ["m1", "m2"])
      let failing = try await rig.status()
      #expect(failing?.failures == 1 && failing?.reason == "status_500")
      #expect(failing?.position == 1 && failing?.behind == 2 && failing?.calls == 1)
      _ = try await caller.tell(webhook)
      _ = try await caller.tell(webhook)
      await caller.close()
      #expect(Self.keys(rig) == ["m1", "m2", "m2", "m2", "m3"])
      let good = try await rig.status()
      #expect(good?.failures == 0 && good?.reason == nil && good?.behind == 0)
      #expect(good?.calls == 3)
    }
  }

  @Test("waits longer after each failure")
  func waits() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands)
      try await rig.send("m1")
      try await rig.project()
      let caller = rig.caller()
      rig.sink.answer(.badGateway, .badGateway, .badGateway)
      func wait() async throws -> Double {
        _ = try await caller.tell(webhook)
        let row = try await rig.pool.query(
          """
          update reactions.webhooks w set retry_at = null from reactions.webhooks old
          where old.sdkappid = w.sdkappid
          returning extract(epoch from old.retry_at - old.leased_until + interval '15 s')::float8
          """)
        return try row[0].get(0)
      }
      let waits = [try await wait(), try await wait(), try await wait()]
      await caller.close()
      #expect(zip(waits, [1.0, 2, 4]).allSatisfy { $0 >= $1 - 0.01 && $0 < $1 + 1 }, "\(waits)")
    }
  }

  @Test("a call that was not answered before its process died comes again")
  func comesAgain() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands)
      try await rig.send("m1")
      try await rig.send("m2")
      try await rig.project()
      let dead = rig.caller()
      _ = try await dead.tell(webhook)
      // It died before it could say that it was answered.
      _ = try await rig.pool.query("update reactions.webhooks set position = 1")
      let other = rig.caller { $0.owner = "another" }
      #expect(try await other.tell(webhook) == false, "the lease is the dead one's")
      #expect(Self.keys(rig) == ["m1", "m2"])
      _ = try await rig.pool.query("update reactions.webhooks set leased_until = now()")
      _ = try await other.tell(webhook)
      #expect(Self.keys(rig) == ["m1", "m2", "m2"])
      // Whose lease was taken says nothing more.
      try await rig.send("m3")
      try await rig.project()
      #expect(try await dead.tell(webhook) == false)
      await dead.close()
      await other.close()
    }
  }

  @Test("no address of the server's own network is called unless it is allowed, nor by a redirect")
  func keepsOut() async throws {
    try await ReactionRig.run { rig in
      try await rig.send("m0")
      for (host, reason) in [
        ("127.0.0.1", "private_address"), ("localhost", "private_address"),
        ("[::1]", "private_address"), ("no-such-host.invalid", "unknown_host"),
      ] {
        try await TencentWebhooks(rig.pool).put(
          ReactionRig.sdkAppID, of: ReactionRig.app, url: "http://\(host):\(rig.sink.port)/cb",
          token: nil, commands: Self.commands, allowsPrivate: false)
        let webhook = try #require(try await TencentWebhooks(rig.pool).load().first)
        try await rig.send("to \(host)")
        try await rig.project()
        let caller = rig.caller()
        _ = try await caller.tell(webhook)
        await caller.close()
        #expect(try await rig.status()?.reason == reason, "\(host)")
      }
      #expect(rig.sink.calls.isEmpty)
      let away = try await rig.setWebhook(commands: Self.commands, path: "/away")
      let caller = rig.caller()
      _ = try await caller.tell(away)
      await caller.close()
      #expect(rig.sink.calls.map(\.path) == ["/away"])
      #expect(try await rig.status()?.reason == "status_302")
    }
  }

  @Test("a call that is not answered in time has failed")
  func doesNotHang() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands, path: "/hang")
      try await rig.send("m1")
      try await rig.project()
      let caller = rig.caller { $0.callTimeout = .milliseconds(200) }
      _ = try await caller.tell(webhook)
      await caller.close()
      #expect(try await rig.status()?.reason == "no_answer")
    }
  }

  @Test("what was not told can be left out, and a webhook that was removed is told nothing")
  func skips() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands)
      try await rig.send("m1")
      try await TencentWebhooks(rig.pool).skip(ReactionRig.sdkAppID, of: ReactionRig.app)
      try await rig.send("m2")
      try await rig.project()
      let caller = rig.caller()
      _ = try await caller.tell(webhook)
      #expect(Self.keys(rig) == ["m2"])
      try await rig.send("m3")
      try await rig.project()
      try await TencentWebhooks(rig.pool).remove(ReactionRig.sdkAppID, of: ReactionRig.app)
      #expect(try await caller.tell(webhook) == false)
      await caller.close()
      #expect(Self.keys(rig) == ["m2"])
    }
  }
}
