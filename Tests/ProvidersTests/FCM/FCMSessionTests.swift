import PushCore
import Simulators
import Testing

@testable import Providers

@Suite struct OpenFCMSessions {
  @Test func oneSessionCarriesManyPushes() async throws {
    try await FCMRig.with { rig async throws in
      let outcomes = await withTaskGroup(of: AttemptOutcome.self) { group in
        for number in 0..<50 { group.addTask { await rig.send("phone\(number)").outcome } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes == Array(repeating: .accepted, count: 50))
      #expect(rig.simulator.sessionsIssued == 1)
      #expect(await rig.provider.status().first?.tokensMinted == 1)
    }
  }

  @Test func aSessionEndsWhenItsLifeIsOver() async throws {
    var server = FCMSimulation.Settings()
    server.sessionSeconds = 100
    try await FCMRig.with(server: server) { rig async throws in
      #expect(await rig.send("phone").outcome == .accepted)
      rig.clock.advance(.seconds(101))
      rig.simulatorClock.advance(.seconds(101))
      #expect(await rig.send("phone").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
    }
  }

  @Test func aRevokedSessionIsReplacedOnce() async throws {
    try await FCMRig.with { rig async throws in
      #expect(await rig.send("phone").outcome == .accepted)
      rig.simulator.revokeSessions()
      #expect(await rig.send("phone").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
      #expect(rig.simulator.acceptedCount == 2)
    }
  }

  @Test func aSessionRefusedAgainIsTheCredentialsFault() async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.setFate("UNAUTHENTICATED", of: "phone")
      let result = await rig.send("phone")
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(rig.simulator.sessionsIssued == 2)
    }
  }

  private func expectRefusal(_ rig: FCMRig, _ reason: String, status: Int = 400) async {
    let result = await rig.send("phone")
    #expect(result.outcome == .retry)
    #expect(result.blame == .credential)
    #expect(result.reason == reason)
    #expect(result.status == status)
    #expect(rig.simulator.receivedCount == 0)
  }

  @Test func aKeyThatGoogleDoesNotKnowIsNamed() async throws {
    try await FCMRig.with(key: RSATestKeys.second) { rig async throws in
      await expectRefusal(rig, "invalid_grant")
    }
  }

  @Test func anAccountThatIsGoneIsNamed() async throws {
    try await FCMRig.with { rig async throws in
      rig.simulation.removeAccounts()
      await expectRefusal(rig, "invalid_grant")
    }
  }

  /// Google takes an assertion that is issued at most five minutes ahead of its clock, and ended at
  /// most five minutes ago.
  @Test(arguments: [-3_900, 301]) func aClockThatIsWrongIsNamed(_ ahead: Int64) async throws {
    try await FCMRig.with { rig async throws in
      rig.clock.advance(.seconds(ahead))
      await expectRefusal(rig, "invalid_grant")
    }
  }

  @Test(arguments: [-3_899, 300]) func aClockThatIsNearlyRightWillDo(_ ahead: Int64) async throws {
    try await FCMRig.with { rig async throws in
      rig.clock.advance(.seconds(ahead))
      #expect(await rig.send("phone").outcome == .accepted)
    }
  }

  /// What the token endpoint answers, and what it means.
  private static let answers: [(SimulatedAnswer, AttemptBlame, String, Duration?)] = [
    (.json(["error": "invalid_scope"], status: 400), .credential, "invalid_scope", nil),
    (.json(["error": "unauthorized_client"], status: 401), .credential, "unauthorized_client", nil),
    (.json(["error": "what Ann wrote"], status: 400), .credential, "http_400", nil),
    (.empty(403), .credential, "http_403", nil),
    (.empty(404), .credential, "http_404", nil),
    (.json(["error": "internal_failure"], status: 400), .host, "internal_failure", nil),
    (
      .json(["error": "temporarily_unavailable"], status: 400), .host, "temporarily_unavailable",
      nil
    ),
    (.empty(408), .host, "http_408", nil),
    (.empty(500), .host, "http_500", nil),
    (.text("<html>", status: 502, contentType: "text/html"), .host, "http_502", nil),
    (
      SimulatedAnswer(status: 503, headers: [("retry-after", "7")]), .host, "http_503", .seconds(7)
    ),
    (
      SimulatedAnswer(status: 429, headers: [("retry-after", "9")]), .pace, "http_429", .seconds(9)
    ),
    (.empty(302), .host, "http_302", nil),
    (.empty(200), .host, "session_unreadable", nil),
    (.json(["access_token": "", "expires_in": 5]), .host, "session_unreadable", nil),
    (.json(["access_token": "a\nb", "expires_in": 5]), .host, "session_unreadable", nil),
    (.json(["access_token": "a", "expires_in": 0]), .host, "session_unreadable", nil),
  ]

  @Test(arguments: answers.indices) func anAnswerHasItsMeaning(_ index: Int) async throws {
    let (answer, blame, reason, wait) = Self.answers[index]
    try await FCMRig.with { rig async throws in
      rig.answer(answer, to: "/token")
      let result = await rig.send("phone")
      #expect(result.outcome == .retry)
      #expect(result.blame == blame, "\(reason)")
      #expect(result.reason == reason)
      #expect(result.retryAfter == wait, "\(reason)")
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func aSessionThatIsNotAnsweredSentNoPush() async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(.close(), path: "/token"))
      let result = await rig.send("phone")
      #expect(result.outcome == .retry)
      #expect(result.blame == .host)
    }
  }

  @Test func withoutAnEndASessionLivesAnHour() async throws {
    try await FCMRig.with { rig async throws in
      rig.answer(.json(["access_token": "ya29.a", "token_type": "Bearer"]), to: "/token")
      let taken = SimulatedAnswer.json(["name": "projects/shop-7f3a1/messages/0:1"])
      rig.simulator.inject(SimulatedFault(.answer(taken), path: "/v1/", times: nil))
      func minted(after wait: Duration) async -> Int64? {
        rig.clock.advance(wait)
        #expect(await rig.send("phone").outcome == .accepted)
        return await rig.provider.status().first?.tokensMinted
      }
      #expect(await minted(after: .zero) == 1)
      #expect(await minted(after: .seconds(3_200)) == 1)
      #expect(await minted(after: .seconds(400)) == 2)
    }
  }
}

@Suite struct ProveFCMCredentials {
  private func proof(_ rig: FCMRig) async -> CredentialProof {
    await rig.provider.prove(rig.credential, deadline: FCMRig.deadline)
  }

  @Test(arguments: ["", "INVALID_ARGUMENT", "INVALID_ARGUMENT_FIELD", "UNREGISTERED"])
  func whatSpeaksOfTheTokenShowsThatItWorks(_ fate: String) async throws {
    try await FCMRig.with { rig async throws in
      if !fate.isEmpty { rig.simulator.setFate(fate, of: "*") }
      #expect(await proof(rig) == .works)
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test(arguments: ["UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND"])
  func whatSpeaksOfTheAccountRefusesIt(_ fate: String) async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.setFate(fate, of: "*")
      #expect(await proof(rig) == .refused(fate))
    }
  }

  @Test(arguments: ["UNAVAILABLE", "INTERNAL", "QUOTA_EXCEEDED"])
  func whatSpeaksOfTheServerProvesNothing(_ fate: String) async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.setFate(fate, of: "*")
      #expect(await proof(rig) == .unreachable(fate))
    }
  }

  @Test func anotherProjectIsRefused() async throws {
    try await FCMRig.with(settings: [("project_id", "other-1")]) { rig async throws in
      #expect(await proof(rig) == .refused("PERMISSION_DENIED"))
    }
  }

  @Test func aKeyThatGoogleDoesNotKnowIsRefused() async throws {
    try await FCMRig.with(key: RSATestKeys.second) { rig async throws in
      #expect(await proof(rig) == .refused("invalid_grant"))
    }
  }

  @Test func aServerThatHangsUpProvesNothing() async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(.close(), times: nil))
      guard case .unreachable = await proof(rig) else {
        Issue.record("a server that hung up has an opinion")
        return
      }
    }
  }
}
