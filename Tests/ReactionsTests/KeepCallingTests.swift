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
      #expect(zip(waits, [1.0, 2, 4]).allSatisfy { $0 >= $1 - 0.01 }, "\(waits)")
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
        ("127.0.0.1", "address_not_public"), ("localhost", "address_not_public"),
        ("[::1]", "address_not_public"), ("no-such-host.invalid", "unknown_host"),
      ] {
        try await TencentWebhooks(rig.pool).put(
          ReactionRig.sdkAppID, of: ReactionRig.app, url: "http://\(host):\(rig.sink.port)/cb",
          commands: Self.commands, allowsPrivate: true)
        // A name that led elsewhere when it was set.
        _ = try await rig.pool.query("update ledger.tencent_webhooks set allows_private = false")
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

  @Test(
    "a call that is not answered in time, or whose answer trickles, has failed",
    arguments: ["/hang", "/drip"])
  func doesNotHang(_ path: String) async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands, path: path)
      try await rig.send("m1")
      try await rig.project()
      let caller = rig.caller { $0.callTimeout = .seconds(2) }
      _ = try await caller.tell(webhook)
      await caller.close()
      #expect(try await rig.status()?.reason == "no_answer")
    }
  }

  @Test("a connection that is refused is told as such, before the time for a call is over")
  func tellsWhatRefuses() async throws {
    try await ReactionRig.run { rig in
      try await TencentWebhooks(rig.pool).put(
        ReactionRig.sdkAppID, of: ReactionRig.app, url: "http://127.0.0.1:1/cb",
        commands: Self.commands, allowsPrivate: true)
      let webhook = try #require(try await TencentWebhooks(rig.pool).load().first)
      try await rig.send("m1")
      try await rig.project()
      let caller = rig.caller { $0.callTimeout = .seconds(2) }
      _ = try await caller.tell(webhook)
      await caller.close()
      #expect(try await rig.status()?.reason == "unreachable")
    }
  }

  @Test("what is left out while its call is under way does not fail any more")
  func forgetsWhatWasLeftOut() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands)
      try await rig.send("m1")
      try await rig.project()
      rig.sink.answer(.badGateway)
      rig.sink.beforeAnswer = { _ in
        _ = try? await TencentWebhooks(rig.pool).skipAll(
          ReactionRig.sdkAppID, of: ReactionRig.app)
      }
      let caller = rig.caller()
      _ = try await caller.tell(webhook)
      await caller.close()
      let status = try await rig.status()
      #expect(status?.failures == 0 && status?.reason == nil && status?.behind == 0)
    }
  }

  @Test("an answer of 200 is taken, however long it is")
  func takesLongAnswers() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands, path: "/long")
      try await rig.send("m1")
      try await rig.send("m2")
      try await rig.project()
      let caller = rig.caller()
      _ = try await caller.tell(webhook)
      await caller.close()
      #expect(Self.keys(rig) == ["m1", "m2"])
      #expect(try await rig.status()?.failures == 0)
    }
  }

  @Test("one that hangs holds up no other")
  func keepsWebhooksApart() async throws {
    try await ReactionRig.run { rig in
      _ = try await rig.setWebhook(commands: Self.commands, path: "/hang")
      try await TencentApps(rig.pool).put(
        7, for: ReactionRig.app, administrators: ["administrator"], secretKey: "k")
      try await TencentWebhooks(rig.pool).put(
        7, of: ReactionRig.app, url: "http://127.0.0.1:\(rig.sink.port)/quick",
        commands: Self.commands, allowsPrivate: true)
      try await rig.send("m1")
      try await rig.project()
      let caller = rig.caller { $0.callTimeout = .seconds(3_600) }
      let running = Task { await caller.run() }
      while !rig.sink.calls.contains(where: { $0.path == "/quick" }) {
        try await Task.sleep(for: .milliseconds(2))
      }
      running.cancel()
      await running.value
      await caller.close()
      #expect(rig.sink.calls.filter { $0.path == "/quick" }.count == 1)
    }
  }

  @Test("another URL, or a call that is left out, counts from the next call on")
  func heedsChanges() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands)
      for id in ["m1", "m2", "m3"] { try await rig.send(id) }
      try await rig.project()
      rig.sink.beforeAnswer = { number in
        guard number == 1 else { return }
        _ = try? await rig.setWebhook(commands: Self.commands, path: "/new")
      }
      let caller = rig.caller { $0.longestWait = .zero }
      rig.sink.answer(.ok, .internalServerError)
      _ = try await caller.tell(webhook)
      #expect(rig.sink.calls.map(\.path) == ["/cb", "/new"])
      let left = try await TencentWebhooks(rig.pool).skipFailing(
        ReactionRig.sdkAppID, of: ReactionRig.app)
      #expect(left == 1)
      _ = try await caller.tell(webhook)
      await caller.close()
      #expect(Self.keys(rig) == ["m1", "m2", "m3"])
      #expect(try await rig.status()?.behind == 0)
    }
  }

  @Test("what is not named stays when a webhook is changed, and what cannot be called is refused")
  func keepsWhatIsNotNamed() async throws {
    try await ReactionRig.run { rig in
      let webhooks = TencentWebhooks(rig.pool)
      func put(
        _ url: String, token: String? = nil, commands: [String]? = nil, allowsPrivate: Bool? = nil
      ) async throws -> TencentWebhook? {
        try await webhooks.put(
          ReactionRig.sdkAppID, of: ReactionRig.app, url: url, token: token, commands: commands,
          allowsPrivate: allowsPrivate)
        return try await webhooks.load().first
      }
      let first = try await put("http://127.0.0.1/cb", token: "t", allowsPrivate: true)
      #expect(first?.commands == TencentWebhooks.commands)
      let second = try await put("http://10.0.0.1/cb", commands: Self.commands)
      #expect(second?.token == "t" && second?.allowsPrivate == true)
      #expect(second?.commands == Self.commands)
      let loud = try await put("HTTPS://chat.example/cb")
      #expect(loud?.url == "HTTPS://chat.example/cb")
      let third = try await put("https://chat.example/cb", token: "", allowsPrivate: false)
      #expect(third?.token == nil && third?.commands == Self.commands)
      for url in [
        "http://127.0.0.1/cb", "http://127.1/", "http://0x7f.1/", "http://2130706433/",
        "http://localhost./", "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/",
        "http://[fc00::1]/", "http://localhost:80/", "https://10.1.1.1/", "http://[::1]/cb",
        "ftp://chat.example/", "http://", "http:///x", "http://:80/", "http://a:80:80/",
        "http://user:pass@chat.example/", "http://chat.example/?a=b", "http://chat.example/#f",
        "http://chat.example:0/", "http://chat.example/a b",
      ] {
        var refused = false
        do { _ = try await put(url) } catch AppsError.invalid { refused = true }
        #expect(refused, "\(url)")
      }
    }
  }

  @Test("what was not told can be left out, and a webhook that was removed is told nothing")
  func skips() async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: Self.commands)
      try await rig.send("m1")
      let none = try await TencentWebhooks(rig.pool).skipFailing(
        ReactionRig.sdkAppID, of: ReactionRig.app)
      #expect(none == nil)
      let all = try await TencentWebhooks(rig.pool).skipAll(
        ReactionRig.sdkAppID, of: ReactionRig.app)
      #expect(all == 1)
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
