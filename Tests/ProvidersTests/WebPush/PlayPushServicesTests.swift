import Crypto
import Foundation
import NIOCore
import PushCore
import Simulators
import Testing

@testable import Providers

/// What the simulator does by itself, and with other senders' libraries.
@Suite struct PlayPushServices {
  private typealias Headers = [(name: String, value: String)]

  /// What a sender says and signs.
  private struct Sender {
    var key = P256.Signing.PrivateKey()
    var audience = ""
    var subject: String? = "mailto:push@example.com"
    /// Seconds from the simulator's now.
    var life: Int64 = 12 * 3_600
    var algorithm = "ES256"

    var publicKey: String { Base64URL.encode(key.publicKey.x963Representation) }

    /// - Parameter gap: What stands between `t` and `k`.
    func authorization(at now: Timestamp, gap: String = ", ", k: String? = nil) throws -> String {
      let head = Base64URL.encode(Data(#"{"typ":"JWT","alg":"\#(algorithm)"}"#.utf8))
      let claims = JSON.object(present: [
        ("aud", .string(audience)), ("exp", .integer(now.seconds + life)),
        ("sub", subject.map { .string($0) }),
      ])
      let signed = head + "." + Base64URL.encode(Data(claims.serialized()))
      let signature = try key.signature(for: Data(signed.utf8)).rawRepresentation
      return "vapid t=\(signed).\(Base64URL.encode(signature))\(gap)k=\(k ?? publicKey)"
    }
  }

  private func sender(_ rig: WebPushRig) -> Sender { Sender(audience: rig.simulator.url) }

  private func encrypted(_ text: String, for browser: String) throws -> [UInt8] {
    let subscription = try #require(WebPushSubscription(browser))
    return try WebPushEncryption.encrypt(Array(text.utf8), for: subscription.recipient)
  }

  private func head(_ rig: WebPushRig, _ sender: Sender, _ more: Headers = []) throws -> Headers {
    [
      ("authorization", try sender.authorization(at: rig.simulatorClock.now)), ("ttl", "60"),
      ("content-encoding", "aes128gcm"),
    ] + more
  }

  // MARK: Other senders

  /// No space between `t` and `k`, and no content type: pywebpush.
  @Test(arguments: WebPushDialect.allCases)
  func standsOtherLibraries(_ dialect: WebPushDialect) async throws {
    try await WebPushRig.with { rig async throws in
      let sender = sender(rig)
      let browser = try rig.subscribe(dialect, key: sender.publicKey)
      let authorization = try sender.authorization(at: rig.simulatorClock.now, gap: ",")
      let answer = try await rig.post(
        browser,
        [
          ("authorization", authorization), ("ttl", "60"), ("content-encoding", "aes128gcm"),
        ], encrypted("hello", for: browser))
      #expect(answer.status == 201)
      #expect(answer.header("ttl") == nil)
      #expect(rig.notes.first?["message"] == "hello")
      #expect(rig.simulation.shown(at: WebPushRig.endpoint(browser)) == [Array("hello".utf8)])
    }
  }

  @Test func takesAPushWithoutText() async throws {
    try await WebPushRig.with { rig async throws in
      let sender = sender(rig)
      let browser = try rig.subscribe(key: sender.publicKey)
      let authorization = try sender.authorization(at: rig.simulatorClock.now)
      let answer = try await rig.post(
        browser, [("authorization", authorization), ("ttl", "0")])
      #expect(answer.status == 201)
      #expect(rig.simulation.shown(at: WebPushRig.endpoint(browser)) == [[]])
    }
  }

  @Test func refusesTheOlderEncryption() async throws {
    try await WebPushRig.with { rig async throws in
      let sender = sender(rig)
      let browser = try rig.subscribe(key: sender.publicKey)
      let authorization = try sender.authorization(at: rig.simulatorClock.now)
      let answer = try await rig.post(
        browser,
        [
          ("authorization", authorization), ("ttl", "60"), ("content-encoding", "aesgcm"),
          ("encryption", "salt=AAAA"), ("crypto-key", "dh=AAAA"),
        ], encrypted("hello", for: browser))
      #expect(answer.status == 400)
      #expect(rig.notes.first?["problem"] == "encoding_unknown")
      #expect(rig.simulator.acceptedCount == 0)
    }
  }

  @Test func anUnboundSubscriptionIsAnybodys() async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try #require(rig.simulation.subscribe(at: rig.simulator.url)).text
      #expect(try await rig.post(browser, [("ttl", "60")]).status == 201)
      #expect(await rig.send(browser).outcome == .accepted)
      var sender = sender(rig)
      sender.audience = "https://other.example"
      #expect(try await rig.post(browser, head(rig, sender)).status == 403)
    }
  }

  // MARK: Who sends

  @Test func refusesASenderThatIsNotItself() async throws {
    try await WebPushRig.with { rig async throws in
      let good = sender(rig)
      let browser = try rig.subscribe(.mozilla, key: good.publicKey)
      let now = rig.simulatorClock.now
      func altered(_ change: (inout Sender) -> Void) throws -> String {
        var sender = good
        change(&sender)
        return try sender.authorization(at: now)
      }
      let token = try good.authorization(at: now).dropFirst("vapid t=".count).prefix { $0 != "," }
      let refused: [(String?, String)] = [
        (nil, "vapid_missing"), ("Bearer abc", "vapid_malformed"), ("vapid", "vapid_malformed"),
        ("vapid t=\(token)", "vapid_malformed"), ("WebPush \(token)", "vapid_malformed"),
        (try good.authorization(at: now, k: good.publicKey + "="), "key_malformed"),
        (try good.authorization(at: now, k: "AAAA"), "key_malformed"),
        (try altered { $0.audience += "/" }, "token_refused"),
        (try altered { $0.audience = "https://localhost" }, "token_refused"),
        (try altered { $0.life = 0 }, "token_refused"),
        (try altered { $0.life = 24 * 3_600 + 1 }, "token_refused"),
        (try altered { $0.subject = nil }, "token_refused"),
        (try altered { $0.subject = "push@example.com" }, "token_refused"),
        (try altered { $0.algorithm = "none" }, "token_refused"),
        (try altered { $0.key = P256.Signing.PrivateKey() }, "other_key"),
        (
          "vapid t=\(token.dropLast(4))AAAA, k=\(good.publicKey)", "token_refused"
        ),
      ]
      for (authorization, problem) in refused {
        let header = authorization.map { [(name: "authorization", value: $0)] } ?? []
        let answer = try await rig.post(browser, header + [("ttl", "60")])
        #expect(answer.status == 401, "\(problem)")
        #expect(answer.json?["errno"] == 109)
        #expect(rig.notes.last?["problem"]?.string == problem)
      }
      let latest = try altered { $0.life = 24 * 3_600 }
      #expect(
        try await rig.post(browser, [("authorization", latest), ("ttl", "60")]).status == 201)
    }
  }

  @Test func appleWantsASubjectFromOutside() async throws {
    try await WebPushRig.with { rig async throws in
      var sender = sender(rig)
      let browser = try rig.subscribe(.apple, key: sender.publicKey)
      sender.subject = "mailto:push@localhost"
      let answer = try await rig.post(browser, head(rig, sender))
      #expect(answer.status == 403)
      #expect(answer.json == ["reason": "BadJwtToken"])
    }
  }

  // MARK: What is sent

  @Test func refusesAHeadThatIsNone() async throws {
    try await WebPushRig.with { rig async throws in
      let sender = sender(rig)
      let authorization = try sender.authorization(at: rig.simulatorClock.now)
      let rows: [(WebPushDialect, Headers, String, String)] = [
        (.mozilla, [], "ttl_missing", "111"), (.mozilla, [("ttl", "-1")], "ttl_malformed", "112"),
        (.mozilla, [("ttl", "")], "ttl_malformed", "112"),
        (.mozilla, [("ttl", "6.0")], "ttl_malformed", "112"),
        (.mozilla, [("ttl", "6"), ("topic", "a b")], "topic_malformed", "113"),
        (
          .mozilla, [("ttl", "6"), ("topic", String(repeating: "a", count: 33))],
          "topic_malformed", "113"
        ),
        (.apple, [], "ttl_missing", "BadTtl"),
        (.apple, [("ttl", "6"), ("urgency", "High")], "urgency_unknown", "BadUrgency"),
        (.apple, [("ttl", "6"), ("topic", "ä")], "topic_malformed", "BadWebPushTopic"),
        (.wns, [("ttl", "0")], "cache_policy", "dropped"),
        (.wns, [("ttl", "6"), ("x-wns-cache-policy", "no-cache")], "cache_policy", "dropped"),
      ]
      for (dialect, headers, problem, code) in rows {
        let browser = try rig.subscribe(dialect, key: sender.publicKey)
        let answer = try await rig.post(browser, headers + [("authorization", authorization)])
        #expect(answer.status == 400, "\(problem)")
        let said =
          answer.json?["errno"]?.integer.map { String($0) } ?? answer.json?["reason"]?.string
          ?? answer.header("x-wns-status")
        #expect(said == code)
        #expect(rig.notes.last?["problem"]?.string == problem)
      }
    }
  }

  @Test func refusesWhatNoBrowserCanRead() async throws {
    try await WebPushRig.with { rig async throws in
      let sender = sender(rig)
      let browser = try rig.subscribe(key: sender.publicKey)
      let good = try encrypted("hello", for: browser)
      var shortRecord = good
      shortRecord.replaceSubrange(16..<20, with: [0, 0, 0, 20])
      var otherKeyLength = good
      otherKeyLength[20] = 64
      var otherPoint = good
      otherPoint[21] = 2
      var changed = good
      changed[100] ^= 1
      let rows: [([UInt8], Int, String)] = [
        (Array(good.prefix(102)), 400, "record_malformed"),
        (shortRecord, 400, "record_malformed"), (otherKeyLength, 400, "record_malformed"),
        (otherPoint, 400, "record_malformed"), (changed, 400, "undecryptable"),
        (try encrypted("hello", for: rig.subscribe()), 400, "undecryptable"),
        (Array(repeating: 0, count: 4_097), 413, "too_large"),
      ]
      for (body, status, problem) in rows {
        #expect(try await rig.post(browser, head(rig, sender), body).status == status)
        #expect(rig.notes.last?["problem"]?.string == problem)
      }
      #expect(rig.simulator.acceptedCount == 0)
      #expect(try await rig.post(browser, head(rig, sender), good).status == 201)
    }
  }

  @Test func saysWhereItKeepsAPushForLess() async throws {
    try await WebPushRig.with { rig async throws in
      let sender = sender(rig)
      let rows: [(WebPushDialect, String)] = [(.fcm, "2419200"), (.apple, "2592000")]
      for (dialect, seconds) in rows {
        let browser = try rig.subscribe(dialect, key: sender.publicKey)
        let authorization = try sender.authorization(at: rig.simulatorClock.now)
        let answer = try await rig.post(
          browser, [("authorization", authorization), ("ttl", "99999999")])
        #expect(answer.header("ttl") == seconds)
      }
    }
  }

  // MARK: Browsers that come and go

  @Test func nobodyIsWhereNobodySubscribed() async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try rig.subscribe(.mozilla)
      rig.simulation.unsubscribe(WebPushRig.endpoint(browser))
      let gone = await rig.send(browser)
      #expect(gone.outcome == .tokenInvalid)
      #expect(gone.reason == "errno_106")
      rig.simulation.removeAll()
      let unknown = await rig.send(browser)
      #expect(unknown.outcome == .tokenInvalid)
      #expect(unknown.reason == "errno_102")
    }
  }

  @Test func aRepeatReplacesWhatWaits() async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try rig.subscribe()
      let endpoint = WebPushRig.endpoint(browser)
      rig.simulation.goOffline(endpoint)
      var request = rig.request(browser, text: "first")
      #expect(await rig.send(request).outcome == .accepted)
      request.attempt = 2
      request.notification.text = "second"
      #expect(await rig.send(request).outcome == .accepted)
      #expect(await rig.send(browser, text: "another").outcome == .accepted)
      #expect(rig.notes.map { $0["arrival"]?.string } == ["waiting", "replaced", "waiting"])
      #expect(rig.shown(browser).isEmpty)
      rig.simulation.comeBack(endpoint, at: rig.simulatorClock.now)
      #expect(rig.shown(browser).map { $0["body"]?.string } == ["second", "another"])
      #expect(rig.simulator.counts.duplicates == 1)
    }
  }

  @Test func whatExpiresIsNotShown() async throws {
    try await WebPushRig.with { rig async throws in
      let sender = sender(rig)
      let browser = try rig.subscribe(key: sender.publicKey)
      let endpoint = WebPushRig.endpoint(browser)
      rig.simulation.goOffline(endpoint)
      for ttl in ["0", "60", "61"] {
        let authorization = try sender.authorization(at: rig.simulatorClock.now)
        let answer = try await rig.post(
          browser,
          [
            ("authorization", authorization), ("ttl", ttl), ("content-encoding", "aes128gcm"),
          ], encrypted(ttl, for: browser))
        #expect(answer.status == 201)
      }
      #expect(rig.notes.map { $0["arrival"]?.string } == ["dropped", "waiting", "waiting"])
      rig.simulation.comeBack(endpoint, at: rig.simulatorClock.now + .seconds(60))
      #expect(rig.simulation.shown(at: endpoint) == [Array("61".utf8)])
    }
  }

  // MARK: Control

  private func control(
    _ rig: WebPushRig, _ method: String, _ path: String, _ body: JSON? = nil
  ) async throws -> HTTPAnswer {
    var call = HTTPCall(
      "http://127.0.0.1:\(rig.simulator.controlPort ?? 0)\(path)",
      body: body?.serialized() ?? [])
    call.method = method
    return try await rig.world.pool.execute(
      call, trust: .system, deadline: .now() + .seconds(60)
    ).get()
  }

  @Test func subscribesBrowsersOverHTTP() async throws {
    try await WebPushRig.with { rig async throws in
      let made = try await control(
        rig, "POST", "/subscriptions",
        [
          "origin": .string(rig.simulator.url), "dialect": "apple", "count": 2,
          "application_server_key": .string(rig.publicKey),
        ])
      let browsers = try #require(made.json?["subscriptions"]?.array)
      #expect(browsers.count == 2)
      let browser = try #require(browsers.first)
      let endpoint = try #require(browser["endpoint"])
      _ = try await control(
        rig, "POST", "/browsers", ["endpoint": endpoint, "state": "offline"])
      #expect(await rig.send(browser.text).outcome == .accepted)
      let listed = try await control(rig, "GET", "/subscriptions").json?["subscriptions"]?.array
      #expect(listed?.first { $0["endpoint"] == endpoint }?["waiting"] == 1)
      _ = try await control(
        rig, "POST", "/browsers", ["endpoint": endpoint, "state": "online"])
      #expect(rig.shown(browser.text).count == 1)
      _ = try await control(
        rig, "POST", "/browsers", ["endpoint": endpoint, "state": "unsubscribed"])
      #expect(await rig.send(browser.text).outcome == .tokenInvalid)
      let none = try await control(rig, "DELETE", "/subscriptions")
      #expect(none.json == ["subscriptions": []])
    }
  }

  @Test func refusesOrdersThatAreNone() async throws {
    try await WebPushRig.with { rig async throws in
      let orders: [(String, JSON)] = [
        ("/subscriptions", [:]), ("/subscriptions", ["origin": "http://localhost"]),
        ("/subscriptions", ["origin": "https://localhost", "dialect": "opera"]),
        ("/subscriptions", ["origin": "https://localhost", "application_server_key": "abc"]),
        ("/browsers", ["endpoint": "https://localhost/fcm/nobody", "state": "offline"]),
      ]
      for (path, order) in orders {
        let answer = try await control(rig, "POST", path, order)
        #expect(answer.status == 400)
        #expect(answer.json?["error"]?.string != nil)
      }
    }
  }
}
