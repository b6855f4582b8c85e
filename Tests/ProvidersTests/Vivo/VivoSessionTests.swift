import PushCore
import Simulators
import Testing

@testable import Providers

/// The session that vivo's pushes are sent with.
@Suite struct OpenSessionsAtVivo {
  @Test func signsIDsTimeAndSecret() throws {
    let credential = try VivoRig.read(
      [("app_id", "10004"), ("app_key", "25509283-3767-4b9e-83fe-b6e55ac6243e")],
      secret: "25509283-3767-4b9e-83fe-b6e55ac6b123")
    // md5sum of the four, one behind the other.
    #expect(VivoSession.sign(credential, 1_501_484_120_000) == "3531bb60b6aa6c9b85311a4c46b103e1")
  }

  @Test func holdsForADay() async throws {
    try await VivoRig.with { rig async throws in
      for token in ["reg-1", "reg-2"] { #expect(try await rig.send(token).outcome == .accepted) }
      #expect(rig.simulator.sessionsIssued == 1)
      rig.clock.advance(.seconds(24 * 3600))
      #expect(try await rig.send("reg-3").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
    }
  }

  @Test func isMadeAnewOnceWhereItIsRefused() async throws {
    try await VivoRig.with { rig async throws in
      #expect(try await rig.send("reg-1").outcome == .accepted)
      rig.simulator.revokeSessions()
      #expect(try await rig.send("reg-2").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
      // Refused for good: the call is not made again and again.
      rig.simulator.setFate("10000", of: "reg-3")
      let result = try await rig.send("reg-3")
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(rig.simulator.sessionsIssued == 3)
      #expect(rig.simulator.receivedCount == 4)
    }
  }

  @Test(arguments: [601, -601]) func needsTheRightTime(_ seconds: Int) async throws {
    try await VivoRig.with(ahead: .seconds(seconds)) { rig async throws in
      let result = try await rig.send("reg-1")
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.reason == "10207")
    }
  }

  @Test(arguments: [599, -599]) func bearsTenMinutes(_ seconds: Int) async throws {
    try await VivoRig.with(ahead: .seconds(seconds)) { rig async throws in
      #expect(try await rig.send("reg-1").outcome == .accepted)
    }
  }

  @Test func isNotGivenForAWrongSecret() async throws {
    try await VivoRig.with(secret: "another") { rig async throws in
      let result = try await rig.send("reg-1")
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.reason == "10206")
      #expect(try await rig.prove() == .refused("10206"))
    }
  }

  @Test func provesTheCredential() async throws {
    try await VivoRig.with { rig async throws in
      #expect(try await rig.prove() == .works)
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  /// vivo takes 10 calls a second.
  @Test func waitsWhereItWasAskedForTooOften() async throws {
    try await VivoRig.with { rig async throws in
      let scope = try rig.scope()
      for _ in 0..<10 { _ = try await VivoChannel.openSession(scope).get() }
      let result = try await rig.send("reg-1")
      #expect(result.outcome == .retry)
      #expect(result.blame == .pace)
      #expect(result.reason == "10093")
      rig.clock.advance(.seconds(2))
      #expect(try await rig.send("reg-1").outcome == .accepted)
    }
  }

  struct Failure: CustomTestStringConvertible, Sendable {
    var effect: SimulatedFault.Effect
    var blame: AttemptBlame
    var reason: String
    var testDescription: String { reason }
  }

  /// A push whose session could not be had was certainly not taken.
  @Test(arguments: [
    Failure(effect: .close(), blame: .host, reason: "connection_closed"),
    Failure(effect: .answer(.text("Oops", status: 500)), blame: .host, reason: "http_500"),
    Failure(effect: .answer(.text("<html>")), blame: .host, reason: "answer_unreadable"),
    Failure(effect: .answer(.json(["result": 0])), blame: .host, reason: "0"),
    Failure(effect: .answer(.json(["result": 10999])), blame: .credential, reason: "10999"),
    Failure(effect: .answer(.text("", status: 404)), blame: .credential, reason: "http_404"),
  ])
  func failsWithoutDoubt(_ failure: Failure) async throws {
    try await VivoRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(failure.effect, path: "/message/auth"))
      let result = try await rig.send("reg-1")
      #expect(result.outcome == .retry)
      #expect(result.blame == failure.blame)
      #expect(result.reason == failure.reason)
    }
  }
}
