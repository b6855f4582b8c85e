import PushCore
import Simulators
import Testing

@testable import Providers

/// The whole table of answers, over the wire.
@Suite struct UnderstandPushServices {
  struct Row: Sendable, CustomStringConvertible {
    var dialect: WebPushDialect
    var fate: String
    var outcome: AttemptOutcome
    var status: Int?
    var reason: String?
    var wait: Duration?

    init(
      _ dialect: WebPushDialect, _ fate: String, _ status: Int, _ outcome: AttemptOutcome,
      _ reason: String?, wait: Int64? = nil
    ) {
      self.dialect = dialect
      self.fate = fate
      self.outcome = outcome
      self.status = status
      self.reason = reason
      self.wait = wait.map { .seconds($0) }
    }

    var description: String { "\(dialect) \(fate)" }

    func agrees(with result: AttemptResult) -> Bool {
      result.outcome == outcome && result.blame == .delivery && result.status == status
        && result.reason == reason && result.retryAfter == wait
    }
  }

  private static let plain = [
    Row(.fcm, "200", 200, .accepted, nil), Row(.fcm, "202", 202, .accepted, nil),
    Row(.fcm, "302", 302, .rejected, "http_302"), Row(.fcm, "400", 400, .rejected, "http_400"),
    Row(.fcm, "401", 401, .rejected, "http_401"), Row(.fcm, "403", 403, .rejected, "http_403"),
    Row(.fcm, "404", 404, .tokenInvalid, "http_404"),
    Row(.fcm, "408", 408, .retry, "http_408"),
    Row(.fcm, "dead", 410, .tokenInvalid, "http_410"),
    Row(.fcm, "410", 410, .tokenInvalid, "http_410"),
    Row(.fcm, "413", 413, .rejected, "http_413"), Row(.fcm, "415", 415, .rejected, "http_415"),
    Row(.fcm, "425", 425, .retry, "http_425"),
    Row(.fcm, "429", 429, .retry, "http_429", wait: 60),
    Row(.fcm, "429:30", 429, .retry, "http_429", wait: 30),
    Row(.fcm, "429:9999999", 429, .retry, "http_429", wait: 86_400),
    Row(.fcm, "500", 500, .retry, "http_500"),
    Row(.fcm, "501", 501, .retry, "http_501"),
    Row(.fcm, "502", 502, .unknown, "http_502"),
    Row(.fcm, "503", 503, .retry, "http_503"),
    Row(.fcm, "503:5", 503, .retry, "http_503", wait: 5),
    Row(.fcm, "504", 504, .unknown, "http_504"),
  ]

  private static let mozilla = [
    Row(.mozilla, "400 101", 400, .rejected, "errno_101"),
    Row(.mozilla, "400 110", 400, .rejected, "errno_110"),
    Row(.mozilla, "400 111", 400, .rejected, "errno_111"),
    Row(.mozilla, "400 112", 400, .rejected, "errno_112"),
    Row(.mozilla, "400 113", 400, .rejected, "errno_113"),
    Row(.mozilla, "401", 401, .rejected, "errno_109"),
    Row(.mozilla, "404", 404, .tokenInvalid, "errno_102"),
    Row(.mozilla, "410 103", 410, .tokenInvalid, "errno_103"),
    Row(.mozilla, "410 105", 410, .tokenInvalid, "errno_105"),
    Row(.mozilla, "410", 410, .tokenInvalid, "errno_106"),
    Row(.mozilla, "413", 413, .rejected, "errno_104"),
    Row(.mozilla, "429:120", 429, .retry, "errno_201", wait: 120),
    Row(.mozilla, "503 201", 503, .retry, "errno_201"),
    Row(.mozilla, "503", 503, .retry, "errno_202"),
  ]

  private static let apple = [
    Row(.apple, "400 BadTtl", 400, .rejected, "BadTtl"),
    Row(.apple, "400 BadUrgency", 400, .rejected, "BadUrgency"),
    Row(.apple, "400 BadWebPushTopic", 400, .rejected, "BadWebPushTopic"),
    Row(.apple, "400 BadWebPushRequest", 400, .rejected, "BadWebPushRequest"),
    Row(.apple, "400 BadAuthorizationHeader", 400, .rejected, "BadAuthorizationHeader"),
    Row(.apple, "400 BadVapidPublicKey", 400, .rejected, "BadVapidPublicKey"),
    Row(.apple, "400 VapidPkHashMismatch", 400, .rejected, "VapidPkHashMismatch"),
    Row(.apple, "400 IdleTimeout", 400, .retry, "IdleTimeout"),
    Row(.apple, "403", 403, .rejected, "BadJwtToken"),
    Row(.apple, "404", 404, .tokenInvalid, "BadPath"),
    Row(.apple, "405", 405, .rejected, "MethodNotAllowed"),
    Row(.apple, "410", 410, .tokenInvalid, "http_410"),
    Row(.apple, "413", 413, .rejected, "PayloadTooLarge"),
    Row(.apple, "429:7", 429, .retry, "TooManyRequests", wait: 7),
    Row(.apple, "500", 500, .retry, "InternalServerError"),
    Row(.apple, "503", 503, .retry, "ServiceUnavailable"),
    Row(.apple, "503 Shutdown", 503, .retry, "Shutdown"),
  ]

  private static let windows = [
    Row(.wns, "201 dropped", 201, .rejected, "dropped"),
    Row(.wns, "201 channelthrottled", 201, .retry, "channelthrottled", wait: 60),
    Row(.wns, "400", 400, .rejected, "dropped"), Row(.wns, "403", 403, .rejected, "dropped"),
    Row(.wns, "404", 404, .tokenInvalid, "dropped"),
    Row(.wns, "410", 410, .tokenInvalid, "dropped"),
    Row(.wns, "406", 406, .retry, "channelthrottled", wait: 60),
    Row(.wns, "406:15", 406, .retry, "channelthrottled", wait: 15),
    Row(.wns, "500", 500, .retry, "dropped"),
  ]

  static let rows = plain + mozilla + apple + windows

  @Test(arguments: rows)
  func anAnswerHasItsMeaning(_ row: Row) async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try rig.subscribe(row.dialect)
      rig.setFate(row.fate, of: browser)
      let result = await rig.send(browser)
      #expect(row.agrees(with: result), "\(result)")
      #expect(result.invalidSince == (row.outcome == .tokenInvalid ? rig.clock.now : nil))
      #expect(rig.simulator.receivedCount == 1)
      let another = await rig.send(try rig.subscribe(row.dialect))
      #expect(another.outcome == .accepted)
    }
  }

  /// What anybody may answer who names an endpoint.
  private static let strange: [(SimulatedAnswer, AttemptOutcome, String?)] = [
    (.text("<html>", status: 400, contentType: "text/html"), .rejected, "http_400"),
    (.json(["reason": "what Ann wrote"], status: 400), .rejected, "http_400"),
    (.json(["reason": 7, "errno": "x"], status: 400), .rejected, "http_400"),
    (.json(["errno": "109"], status: 500), .retry, "http_500"),
    (.json([:], status: 400), .rejected, "http_400"),
    (SimulatedAnswer(status: 201, headers: [("location", "")]), .accepted, nil),
    (
      SimulatedAnswer(
        status: 201, headers: [("location", String(repeating: "x", count: 1_000))]), .accepted, nil
    ),
    (.text("taken", status: 201), .accepted, nil),
    (
      SimulatedAnswer(status: 201, headers: [("x-wns-status", "what Ann wrote")]), .accepted, nil
    ),
  ]

  @Test(arguments: strange.indices) func noTextBecomesAReason(_ index: Int) async throws {
    let (answer, outcome, reason) = Self.strange[index]
    try await WebPushRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(.answer(answer)))
      let result = await rig.send(try rig.subscribe())
      #expect(result.outcome == outcome)
      #expect(result.reason == reason)
      #expect(result.providerMessageID == nil)
    }
  }

  @Test func whatWasTakenHasTheServicesID() async throws {
    try await WebPushRig.with { rig async throws in
      for dialect in WebPushDialect.allCases {
        let result = await rig.send(try rig.subscribe(dialect))
        #expect(result.outcome == .accepted)
        #expect(result.status == 201)
        #expect(result.reason == nil)
        let id = try #require(rig.simulator.received().last?.id)
        #expect(result.providerMessageID == (dialect == .wns ? nil : id))
      }
    }
  }

  @Test func aLostAnswerIsUnknown() async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try rig.subscribe()
      #expect(await rig.send(browser).outcome == .accepted)
      rig.simulator.inject(SimulatedFault(.close(accepted: true)))
      let result = await rig.send(browser)
      #expect(result.outcome == .unknown)
      #expect(result.blame == .delivery)
      #expect(rig.simulator.acceptedCount == 2)
    }
  }

  // MARK: Moved endpoints

  @Test(arguments: ["301", "307", "308"])
  func followsAnEndpointThatMoved(_ fate: String) async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try rig.subscribe(.mozilla)
      rig.setFate(fate, of: browser, times: 1)
      #expect(await rig.send(browser).outcome == .accepted)
      #expect(rig.simulator.receivedCount == 2)
      #expect(rig.shown(browser).count == 1)
    }
  }

  @Test func followsOnce() async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try rig.subscribe(.mozilla)
      rig.setFate("301", of: browser)
      let result = await rig.send(browser)
      #expect(result.outcome == .rejected)
      #expect(result.reason == "http_301")
      #expect(rig.simulator.receivedCount == 2)
    }
  }

  @Test(arguments: ["http://localhost/", "", "ftp://localhost/", "//localhost/a"])
  func followsNowhereElse(_ location: String) async throws {
    try await WebPushRig.with { rig async throws in
      rig.simulator.inject(
        SimulatedFault(
          .answer(SimulatedAnswer(status: 308, headers: [("location", location)]))))
      let result = await rig.send(try rig.subscribe())
      #expect(result.outcome == .rejected)
      #expect(result.reason == "http_308")
    }
  }

  @Test func followsToNoHostThatIsNotAllowed() async throws {
    try await WebPushRig.with(settings: [("hosts", "localhost")]) { rig async throws in
      rig.simulator.inject(
        SimulatedFault(
          .answer(
            SimulatedAnswer(
              status: 301, headers: [("location", "https://127.0.0.1:\(rig.simulator.port)/")]))))
      let result = await rig.send(try rig.subscribe())
      #expect(result.outcome == .rejected)
      #expect(result.reason == "host_not_allowed")
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  // MARK: Many in a row

  @Test func aHostThatFailsRestsAndNoOtherDoes() async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try rig.subscribe()
      rig.setFate("500", of: browser)
      for _ in 0..<HostRest.failures {
        #expect(await rig.send(browser).reason == "http_500")
      }
      let resting = await rig.send(browser)
      #expect(resting.outcome == .retry)
      #expect(resting.blame == .delivery)
      #expect(resting.reason == "host_rests")
      #expect(resting.retryAfter == .seconds(1))
      #expect(rig.simulator.receivedCount == HostRest.failures)
      // The same server by another name.
      let elsewhere = rig.simulation.subscribe(
        at: "https://127.0.0.1:\(rig.simulator.port)", applicationServerKey: rig.publicKey)
      let subscription = try #require(elsewhere).text
      #expect(await rig.send(subscription).outcome == .accepted)
      rig.clock.advance(.seconds(1))
      #expect(await rig.send(browser).reason == "http_500")
      #expect(await rig.send(browser).retryAfter == .seconds(2))
      rig.clock.advance(.seconds(2))
      rig.simulator.clearFates()
      #expect(await rig.send(browser).outcome == .accepted)
      #expect(await rig.send(browser).outcome == .accepted)
    }
  }

  private func outcomes(
    _ fate: String, _ count: Int, settings: [(String, JSON)]
  ) async throws -> [AttemptResult] {
    var results: [AttemptResult] = []
    try await WebPushRig.with(settings: settings) { rig async throws in
      for _ in 0..<count {
        let browser = try rig.subscribe()
        rig.setFate(fate, of: browser)
        results.append(await rig.send(browser))
      }
    }
    return results
  }

  @Test func manyOfAnotherKeyAreTheCredentialsFault() async throws {
    let results = try await outcomes("403", 11, settings: [("hosts", "localhost")])
    #expect(results.dropLast().allSatisfy { $0.outcome == .rejected && $0.blame == .delivery })
    #expect(results.last?.outcome == .retry)
    #expect(results.last?.blame == .credential)
    #expect(results.last?.reason == "every_recipient_refused: http_403")
  }

  /// Anybody may name such a host, and let it answer what they like.
  @Test(arguments: ["403", "410", "429:86400"])
  func aHostThatNobodyKnowsSpeaksForItself(_ fate: String) async throws {
    let results = try await outcomes(fate, 12, settings: [])
    #expect(results.last?.outcome == .retry)
    #expect(results.allSatisfy { $0.blame == .delivery })
  }

  @Test func oneThatIsTakenSpeaksForTheKey() async throws {
    try await WebPushRig.with(settings: [("hosts", "localhost")]) { rig async throws in
      for number in 0..<25 {
        let browser = try rig.subscribe()
        if number % 8 != 0 { rig.setFate("403", of: browser) }
        #expect(await rig.send(browser).blame == .delivery)
      }
    }
  }

  @Test func manyBusyBrowsersAreTheSendersPace() async throws {
    let results = try await outcomes("429:30", 11, settings: [("hosts", "localhost")])
    #expect(results.dropLast().allSatisfy { $0.blame == .delivery })
    #expect(results.last?.blame == .pace)
    #expect(results.last?.retryAfter == .seconds(30))
  }
}
