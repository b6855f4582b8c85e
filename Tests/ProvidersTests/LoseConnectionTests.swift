import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct LoseConnection {
  typealias Fault = APNsSimulator.Fault

  /// What the server did not look at goes out again at once, what it did is answered: everything
  /// arrives exactly once.
  @Test(arguments: [Fault.GoAway.LastStream.this, .previous])
  func aGoAwayInTheMiddleLosesAndDoublesNothing(last: Fault.GoAway.LastStream) async throws {
    try await APNsRig.with(server: { $0.latency = .milliseconds(5) }) { rig in
      rig.simulator.inject(
        Fault(.goAway(.init(reason: "Shutdown", lastStream: last)), after: 50, times: 1))
      let results = await rig.sendAll(200)
      #expect(results.allSatisfy { $0.outcome == .accepted })
      #expect(rig.simulator.receivedCounts.accepted == 200)
      #expect(rig.simulator.duplicates().isEmpty)
      let status = try #require(await rig.status)
      #expect(status.goAways == 1)
      #expect(status.lastGoAwayReason == "Shutdown")
      #expect(await rig.reaches { $0.connectionsOpened == 2 })
    }
  }

  @Test func twoGoAwaysAndTextThatIsNoJSONAreTakenToo() async throws {
    try await APNsRig.with { rig in
      rig.simulator.inject(
        Fault(.goAway(.init(debugText: "going down", frames: 2)), after: 50, times: 1))
      let results = await rig.sendAll(200)
      #expect(results.allSatisfy { $0.outcome == .accepted })
      #expect(rig.simulator.duplicates().isEmpty)
      #expect(await rig.status?.lastGoAwayReason == "going down")
    }
  }

  /// A server that sends every connection away ends in `retry`, not in a loop.
  @Test func aServerThatSendsEveryoneAwayEndsInRetry() async throws {
    try await APNsRig.with { rig in
      rig.simulator.inject(Fault(.goAway(.init(reason: "Shutdown", lastStream: .zero))))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.blame == .host)
      #expect(rig.simulator.acceptedConnections <= 4)
    }
  }

  @Test func aGoAwayForTheCredentialsSakeBlamesTheCredential() async throws {
    try await APNsRig.with { rig in
      rig.simulator.inject(
        Fault(.goAway(.init(reason: "BadCertificateEnvironment", lastStream: .zero)), times: 1))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.reason == "BadCertificateEnvironment")
    }
  }

  @Test func aRefusedStreamIsOpenedAgainAtOnce() async throws {
    try await APNsRig.with { rig in
      rig.simulator.inject(Fault(.reset(code: 7), times: 2))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .accepted)
      #expect(await rig.status?.resent == 2)
      #expect(await rig.status?.streamResets == 2)
    }
  }

  @Test func aStreamRefusedTooOftenEndsInRetry() async throws {
    try await APNsRig.with { rig in
      rig.simulator.inject(Fault(.reset(code: 7)))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.reason == "stream_refused")
      #expect(result.blame == .host)
    }
  }

  @Test(arguments: [2, 8] as [UInt32], [true, false])
  func anyOtherResetLeavesTheOutcomeUnknown(code: UInt32, isAccepted: Bool) async throws {
    try await APNsRig.with { rig in
      rig.simulator.inject(Fault(.reset(code: code, accepted: isAccepted), times: 1))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .unknown)
      #expect(result.reason == "stream_reset")
      #expect(rig.simulator.receivedCounts.received == 1)
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 1)
    }
  }

  @Test func aConnectionClosedWithoutAWordLeavesTheOutcomeUnknown() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      rig.simulator.inject(Fault(.close(), times: 1))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .unknown)
      #expect(result.reason == "connection_closed")
      #expect(result.blame == .host)
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
    }
  }

  /// The stream that is never answered is given up at its deadline; the others go on.
  @Test func aStreamThatIsNeverAnsweredEndsAtItsDeadline() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
      rig.simulator.inject(Fault(.silence(), on: .token(APNsRig.token(1)), times: 1))
      async let silent = rig.send(APNsRig.token(1), within: .milliseconds(200))
      let others = await rig.sendAll(1)
      #expect(others.allSatisfy { $0.outcome == .accepted })
      let result = await silent
      #expect(result.outcome == .unknown)
      #expect(result.reason == "no_answer")
      #expect(result.blame == .delivery)
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 1)
      #expect(await rig.status?.deadlinesPassed == 1)
    }
  }

  @Test func aConnectionThatAnswersNothingAnyMoreIsReplaced() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
      rig.simulator.inject(Fault(.silence(accepted: false), times: 3))
      for _ in 0..<3 {
        #expect(await rig.send(APNsRig.token(1), within: .milliseconds(60)).outcome == .unknown)
      }
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 2)
      #expect(await rig.status?.deadConnections == 1)
    }
  }

  /// Row 7 of what goes wrong elsewhere: the socket lives, the server behind it is gone.
  @Test func aHalfDeadSocketIsFoundByPingAndReplaced() async throws {
    try await APNsRig.with(
      client: {
        $0.pingWhenBusy = .milliseconds(50)
        $0.pingTimeout = .seconds(2)
      }
    ) { rig in
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
      rig.simulator.inject(Fault(.halfDead(), times: 1))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .unknown)
      #expect(result.reason == "connection_dead")
      #expect(await rig.send(APNsRig.token(2)).outcome == .accepted)
      #expect(await rig.status?.deadConnections == 1)
    }
  }

  @Test func anIdleSocketThatDiedIsFoundBeforeItIsNeeded() async throws {
    try await APNsRig.with(
      client: {
        $0.pingWhenIdle = .milliseconds(50)
        $0.pingTimeout = .seconds(2)
      }
    ) { rig in
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
      rig.simulator.freezeConnections()
      #expect(await rig.reaches { $0.deadConnections == 1 && $0.connections == 1 })
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
    }
  }

  @Test func aConnectionIsReplacedAfterServerErrorsInARow() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
      rig.simulator.inject(Fault(.answer(.init(.internalServerError)), times: 3))
      for _ in 0..<3 {
        let result = await rig.send(APNsRig.token(1))
        #expect(result.outcome == .retry)
        #expect(result.retryAfter == .seconds(900))
      }
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 2)
    }
  }

  @Test func shutdownAsAnAnswerIsSentAgainElsewhere() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
      rig.simulator.inject(Fault(.answer(.init(.shutdown)), times: 1))
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 2)
    }
  }
}
