import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct OpenHuaweiSessions {
  @Test func oneSessionServesAllPushesOfAnHour() async throws {
    try await HuaweiRig.with { rig async throws in
      for index in 0..<5 {
        let result = try await rig.send("t\(index)")
        #expect(result.outcome == .accepted)
      }
      #expect(rig.simulator.sessionsIssued == 1)
      rig.clock.advance(.seconds(3_600))
      #expect(try await rig.send("t1").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
    }
  }

  @Test func aSessionThatEndedEarlyIsRenewed() async throws {
    try await HuaweiRig.with { rig async throws in
      let first = try await rig.send("t1")
      #expect(first.outcome == .accepted)
      rig.simulator.revokeSessions()
      #expect(try await rig.send("t1").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
    }
  }

  @Test func whoIsNotKnownGetsNone() async throws {
    try await HuaweiRig.with { rig async throws in
      let strangers: [(inout StoredCredential) -> Void] = [
        { $0.secret = SecretText("other") },
        { $0.settings = $0.settings.setting("client_id", to: "999") },
      ]
      for change in strangers {
        let result = try await rig.send("t1", changing: change)
        #expect(result.outcome == .retry)
        #expect(result.blame == .credential)
        #expect(result.status == 400)
        #expect(result.reason == "1101")
      }
    }
  }

  @Test func whateverTheLoginAnswersNoPushIsLost() async throws {
    let answers: [(SimulatedAnswer, AttemptBlame, String)] = [
      (.text("<html>"), .host, "session_unreadable"),
      (.json(["access_token": "a b"]), .host, "session_unreadable"),
      (.json(["access_token": "a", "expires_in": 0]), .host, "session_unreadable"),
      (.text("<html>", status: 502), .host, "http_502"),
      (.text("<html>", status: 503), .pace, "http_503"),
      (.text("", status: 429), .pace, "http_429"),
      (.json(["error": 1203], status: 403), .credential, "1203"),
    ]
    for (answer, blame, reason) in answers {
      try await HuaweiRig.with { rig async throws in
        rig.simulator.inject(.init(.answer(answer), path: "/oauth2/"))
        let result = try await rig.send("t1")
        #expect(result.outcome == .retry)
        #expect(result.blame == blame)
        #expect(result.reason == reason)
        #expect(rig.simulator.receivedCount == 0)
        rig.clock.advance(.seconds(60))
        #expect(try await rig.send("t1").outcome == .accepted)
      }
    }
  }

  @Test func numbersMayBeTexts() async throws {
    try await HuaweiRig.with { rig async throws in
      let session = try await HuaweiRig.open(rig) {
        .json(["access_token": "a", "expires_in": "1800"])
      }
      #expect(session.expiresAt == rig.clock.now + .seconds(1_800))
    }
  }

  @Test func aThousandLoginsInFiveMinutesAreTheLimit() async throws {
    try await HuaweiRig.with { rig async throws in
      for _ in 0..<1_000 { _ = try await HuaweiRig.open(rig) }
      await #expect(throws: SessionTokens.Refusal.self) { try await HuaweiRig.open(rig) }
      rig.clock.advance(.seconds(300))
      _ = try await HuaweiRig.open(rig)
      #expect(rig.simulator.sessionsIssued == 1_001)
    }
  }
}

extension VendorRig where Channel == HuaweiChannel, Simulation == HuaweiSimulation {
  /// Logs in past all that remembers sessions.
  @discardableResult
  static func open(
    _ rig: HuaweiRig, answering answer: (() -> SimulatedAnswer)? = nil
  ) async throws -> SessionToken {
    if let answer { rig.simulator.inject(.init(.answer(answer()), path: "/oauth2/")) }
    return try await HuaweiChannel.openSession(rig.scope()).get()
  }
}
