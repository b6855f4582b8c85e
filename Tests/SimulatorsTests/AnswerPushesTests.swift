import PushCore
import Simulators
import Testing

@Suite("AnswerPushes") struct AnswerPushes {
  @Test func acceptsAGoodPushWithAnEmptyBodyAndItsOwnID() async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect()
      let id = "0c635ef1-2e9c-55e1-8eac-92155eb4db11"
      let answer = try await client.push(bench.push.with("apns-id", id))
      #expect(answer.status == 200)
      #expect(answer["apns-id"] == id)
      #expect(answer.body.isEmpty && answer.dataFrames == 0)
      #expect(answer.headers.allSatisfy { $0.name == $0.name.lowercased() })
      #expect(answer["apns-unique-id"]?.count == 36)
    }
  }

  @Test func givesAnIDToAPushWithoutOne() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let first = try await client.push(bench.push)
      let second = try await client.push(bench.push)
      #expect(first["apns-id"]?.count == 36)
      #expect(first["apns-id"] != second["apns-id"])
      #expect(bench.simulator.received().pushes.last?.apnsID == second["apns-id"])
    }
  }

  @Test func givesAUniqueIDInTheSandboxOnly() async throws {
    try await TestBench.run {
      $0.environment = .production
    } _: { bench in
      let answer = try await bench.connect().push(bench.push)
      #expect(answer.status == 200)
      #expect(answer["apns-unique-id"] == nil)
    }
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    var reason: APNsSimulator.Reason
    var testDescription: String
    var change: @Sendable (TestPush) -> TestPush

    init(
      _ reason: APNsSimulator.Reason, _ what: String,
      _ change: @escaping @Sendable (TestPush) -> TestPush
    ) {
      self.reason = reason
      testDescription = "\(reason.rawValue): \(what)"
      self.change = change
    }
  }

  static let mistakes: [Mistake] = [
    Mistake(.duplicateHeaders, "two topics") { $0.adding("apns-topic", "org.example.chat") },
    Mistake(.duplicateHeaders, "two ids") {
      let id = "0c635ef1-2e9c-55e1-8eac-92155eb4db11"
      return $0.adding("apns-id", id).adding("apns-id", id)
    },
    Mistake(.badPath, "another service") { $0.with(":path", "/4/broadcasts/apps/x") },
    Mistake(.badPath, "more after the token") {
      $0.with(":path", "/3/device/\(TestPush.token)/x")
    },
    Mistake(.badPath, "a longer word") { $0.with(":path", "/3/devices") },
    Mistake(.methodNotAllowed, "GET") { $0.with(":method", "GET") },
    Mistake(.missingDeviceToken, "with slash") { $0.with(":path", "/3/device/") },
    Mistake(.missingDeviceToken, "without slash") { $0.with(":path", "/3/device") },
    Mistake(.badMessageID, "no UUID") { $0.with("apns-id", "42") },
    Mistake(.badMessageID, "a letter too high") {
      $0.with("apns-id", "0c635ef1-2e9c-55e1-8eac-92155eb4dbg1")
    },
    Mistake(.badMessageID, "dashes elsewhere") {
      $0.with("apns-id", "0c635ef12-e9c-55e1-8eac-92155eb4db11")
    },
    Mistake(.missingProviderToken, "none") { $0.with("authorization", nil) },
    Mistake(.missingProviderToken, "empty") { $0.with("authorization", "bearer ") },
    Mistake(.invalidProviderToken, "another scheme") { $0.with("authorization", "basic YTpi") },
    Mistake(.invalidProviderToken, "no JWT") { $0.with("authorization", "bearer abc") },
    Mistake(.missingTopic, "none") { $0.with("apns-topic", nil) },
    Mistake(.badTopic, "empty") { $0.with("apns-topic", "") },
    Mistake(.badTopic, "odd characters") { $0.with("apns-topic", "org.example/chat") },
    Mistake(.badTopic, "a VoIP push to the plain topic") { $0.with("apns-push-type", "voip") },
    Mistake(.invalidPushType, "unknown") { $0.with("apns-push-type", "shout") },
    Mistake(.badPriority, "7") { $0.with("apns-priority", "7") },
    Mistake(.badPriority, "no number") { $0.with("apns-priority", "high") },
    Mistake(.badPriority, "10 for background") { $0.with("apns-push-type", "background") },
    Mistake(.badPriority, "none for background") {
      $0.with("apns-push-type", "background").with("apns-priority", nil)
    },
    Mistake(.badExpirationDate, "a date") { $0.with("apns-expiration", "tomorrow") },
    Mistake(.badExpirationDate, "below 0") { $0.with("apns-expiration", "-1") },
    Mistake(.badCollapseID, "65 bytes") {
      $0.with("apns-collapse-id", String(repeating: "x", count: 65))
    },
    Mistake(.badCollapseID, "33 characters of two bytes") {
      $0.with("apns-collapse-id", String(repeating: "é", count: 33))
    },
    Mistake(.payloadEmpty, "nothing") { $0.withBody("") },
    Mistake(.payloadEmpty, "no JSON") { $0.withBody("aps") },
    Mistake(.payloadEmpty, "no object") { $0.withBody("[1]") },
    Mistake(.payloadTooLarge, "4097 bytes") { $0.withBody(bytes: 4_097) },
    Mistake(.payloadTooLarge, "5121 bytes for VoIP") {
      $0.with("apns-push-type", "voip").with("apns-topic", "org.example.chat.voip")
        .withBody(bytes: 5_121)
    },
    Mistake(.badDeviceToken, "no hex") {
      $0.with(":path", "/3/device/" + String(repeating: "xy", count: 32))
    },
    Mistake(.badDeviceToken, "half a byte") { $0.with(":path", "/3/device/\(TestPush.token)a") },
    Mistake(.badDeviceToken, "too short") { $0.with(":path", "/3/device/abcd") },
  ]

  @Test(arguments: mistakes) func namesTheMistake(_ mistake: Mistake) async throws {
    try await TestBench.run { bench in
      let answer = try await bench.connect().push(mistake.change(bench.push))
      #expect(answer.status == mistake.reason.status)
      #expect(answer.bodyText == #"{"reason":"\#(mistake.reason.rawValue)"}"#)
      #expect(answer["content-type"] == "application/json")
      #expect(answer["apns-id"]?.count == 36)
      #expect(answer.dataFrames == 1)
      let received = try #require(bench.simulator.received().pushes.first)
      #expect(received.status == mistake.reason.status)
      #expect(received.reason == mistake.reason.rawValue)
    }
  }

  static let goodPushes: [Mistake] = [
    Mistake(.badTopic, "VoIP of 5120 bytes") {
      $0.with("apns-push-type", "voip").with("apns-topic", "org.example.chat.voip")
        .withBody(bytes: 5_120)
    },
    Mistake(.payloadTooLarge, "4096 bytes") { $0.withBody(bytes: 4_096) },
    Mistake(.badPriority, "background at 5") {
      $0.with("apns-push-type", "background").with("apns-priority", "5")
    },
    Mistake(.badPriority, "priority 1") { $0.with("apns-priority", "1") },
    Mistake(.badPriority, "no priority") { $0.with("apns-priority", nil) },
    Mistake(.invalidPushType, "no push type") { $0.with("apns-push-type", nil) },
    Mistake(.badExpirationDate, "expiration 0") { $0.with("apns-expiration", "0") },
    Mistake(.badCollapseID, "64 bytes") {
      $0.with("apns-collapse-id", String(repeating: "é", count: 32))
    },
    Mistake(.badDeviceToken, "a long token in capitals") {
      $0.with(":path", "/3/device/" + String(repeating: "AB", count: 100))
    },
    Mistake(.badPath, "host in place of :authority") {
      $0.with(":authority", nil).with("host", "localhost")
    },
  ]

  @Test(arguments: goodPushes) func acceptsWhatIsJustRight(_ push: Mistake) async throws {
    try await TestBench.run { bench in
      let answer = try await bench.connect().push(push.change(bench.push))
      #expect(answer.status == 200, "\(answer.bodyText)")
    }
  }

  @Test func echoesTheIDOfARefusedPush() async throws {
    try await TestBench.run { bench in
      let id = "0C635EF1-2E9C-55E1-8EAC-92155EB4DB11"
      let push = bench.push.with("apns-id", id).with("apns-priority", "7")
      let answer = try await bench.connect().push(push)
      #expect(answer["apns-id"] == id)
    }
  }

  @Test func refusesADeviceByWhatIsKnownOfIt() async throws {
    let since = Timestamp(microseconds: 1_700_000_000_123_456)
    func token(_ pair: String) -> String { String(repeating: pair, count: 32) }
    try await TestBench.run {
      $0.devices = [
        .init(token: token("AA"), topic: "org.example.other"),
        .init(token: token("bb"), environment: .production),
        .init(token: token("cc"), invalidSince: since),
        .init(token: token("dd"), invalidSince: since, invalidReason: .expiredToken),
        .init(token: token("ee"), topic: "org.example.chat", environment: .sandbox),
      ]
    } _: { bench in
      let client = try await bench.authenticated()
      func answer(_ pair: String) async throws -> String {
        let answer = try await client.push(
          TestPush(bench.authorization, token: token(pair)))
        return "\(answer.status ?? 0) \(answer.bodyText)"
      }
      #expect(try await answer("aa") == #"400 {"reason":"DeviceTokenNotForTopic"}"#)
      #expect(try await answer("bb") == #"400 {"reason":"BadDeviceToken"}"#)
      #expect(
        try await answer("cc") == #"410 {"reason":"Unregistered","timestamp":1700000000123}"#)
      #expect(
        try await answer("dd") == #"410 {"reason":"ExpiredToken","timestamp":1700000000123}"#)
      #expect(try await answer("ee") == "200 ")
    }
  }

  @Test func resetsWhatIsNoRequest() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let malformed = [
        bench.push.with(":authority", nil), bench.push.with(":scheme", nil),
        bench.push.adding("connection", "close"), bench.push.adding("X-Big", "1"),
        bench.push.adding(":odd", "1"),
      ]
      for push in malformed {
        await #expect(throws: PushClient.NoAnswer.self) { try await client.push(push) }
      }
      #expect(try await client.push(bench.push).status == 200)
    }
  }
}
