import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct Connect {
  private func refused(
    _ condition: APNsSimulator.NewConnections,
    client: (inout APNsConfiguration) -> Void = { _ in }
  ) async throws -> (first: AttemptResult, second: AttemptResult) {
    try await APNsRig.with(
      client: {
        $0.firstReconnect = .seconds(30)
        client(&$0)
      }
    ) { rig in
      try await rig.simulator.change { $0.newConnections = condition }
      let first = await rig.send(APNsRig.token(1))
      let second = await rig.send(APNsRig.token(1))
      #expect(await rig.status?.connectFailures == 1)
      return (first, second)
    }
  }

  /// While a failed host is backed off from, nothing waits in vain.
  @Test func aRefusedConnectionEndsInRetryAndBacksOff() async throws {
    let (first, second) = try await refused(.refused) { $0.jitter = { 0 } }
    #expect(first.outcome == .retry)
    #expect(first.reason == "connect_refused")
    #expect(first.blame == .host)
    for result in [first, second] {
      let wait = try #require(result.retryAfter)
      #expect(wait > .zero && wait <= .seconds(30))
    }
    #expect(second.reason == "connect_refused")
  }

  @Test func aConnectionThatIsClosedOrStallsEndsInRetry() async throws {
    #expect(try await refused(.closed).first.blame == .host)
    let stalled = try await refused(.stalled) { $0.connectTimeout = .milliseconds(200) }
    #expect(stalled.first.outcome == .retry)
    #expect(stalled.first.reason == "connect_timeout")
  }

  @Test func aGoAwayInPlaceOfSettingsKeepsItsReason() async throws {
    let other = try await refused(.sentAway(reason: "Shutdown"))
    #expect(other.first.outcome == .retry)
    #expect(other.first.reason == "Shutdown")
    #expect(other.first.blame == .host)
    let credential = try await refused(.sentAway(reason: "BadCertificate"))
    #expect(credential.first.reason == "BadCertificate")
    #expect(credential.first.blame == .credential)
  }

  @Test func theNextTryAfterTheBackOffSucceeds() async throws {
    try await APNsRig.with(
      client: { $0.firstReconnect = .milliseconds(50) }
    ) { rig in
      try await rig.simulator.change { $0.newConnections = .refused }
      #expect(await rig.send(APNsRig.token(1)).outcome == .retry)
      try await rig.simulator.change { $0.newConnections = .served }
      #expect(await rig.reaches { $0.nextConnect == nil })
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(await rig.status?.lastConnectFailure == nil)
    }
  }

  @Test func whatCouldNotBeSentInTimeIsToldApartFromWhatWasNotAnswered() async throws {
    try await APNsRig.with { rig in
      try await rig.simulator.change { $0.newConnections = .stalled }
      let result = await rig.send(APNsRig.token(1), within: .milliseconds(100))
      #expect(result.outcome == .retry)
      #expect(result.reason == "not_sent_in_time")
      #expect(result.blame == .host)
    }
  }

  @Test func aServerThatNobodyVouchesForIsNotTrusted() async throws {
    try await APNsRig.with(
      secret: { simulator in
        var stored = APNsRig.stored(pem: TestCredential.stored().secret.reveal(), for: simulator)
        stored.settings = [
          "team_id": "TEAM000001", "key_id": "KEY0000001", "host": "127.0.0.1",
          "port": .integer(simulator.port),
        ]
        return stored
      }
    ) { rig in
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.reason == "connect_tls_failed")
      #expect(rig.simulator.receivedCounts.received == 0)
    }
  }

  @Test func aHostThatDoesNotExistIsNamedSo() async throws {
    try await APNsRig.with(
      secret: { simulator in
        var stored = APNsRig.stored(pem: TestCredential.stored().secret.reveal(), for: simulator)
        stored.settings = stored.settings.setting("host", to: "no-such-host.invalid")
        return stored
      }
    ) { rig in
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.reason == "connect_name_unknown")
    }
  }

  @Test func moreThanMayWaitIsTurnedBackAtOnce() async throws {
    try await APNsRig.with(
      server: {
        $0.streamLimit = 1
        $0.latency = .milliseconds(5)
      }, client: { $0.waitingRequests = 10 }
    ) { rig in
      let results = await rig.sendAll(200)
      let accepted = results.count { $0.outcome == .accepted }
      let full = results.filter { $0.outcome == .retry }
      #expect(accepted + full.count == 200)
      #expect(!full.isEmpty)
      #expect(full.allSatisfy { $0.reason == "connection_full" && $0.blame == .host })
      #expect(rig.simulator.receivedCounts.accepted == accepted)
    }
  }

  @Test func shutdownLetsWhatWasSentFinishAndTurnsBackTheRest() async throws {
    try await APNsRig.with(
      server: {
        $0.streamLimit = 5
        $0.latency = .milliseconds(100)
      }
    ) { rig in
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
      async let results = rig.sendAll(50)
      #expect(await rig.reaches { $0.inFlight == 5 && $0.waiting == 45 })
      await rig.provider.shutdown(within: .seconds(10))
      let ends = await results
      #expect(ends.count { $0.outcome == .accepted } == 5)
      #expect(ends.count { $0.outcome == .retry && $0.reason == "shutting_down" } == 45)
      #expect(await rig.send(APNsRig.token(1)).reason == "shutting_down")
      #expect(rig.simulator.receivedCounts.accepted == 6)
    }
  }

  @Test func shutdownWaitsNoLongerThanItsGrace() async throws {
    try await APNsRig.with { rig in
      rig.simulator.inject(.init(.silence()))
      async let result = rig.send(APNsRig.token(0))
      #expect(await rig.reaches { $0.inFlight == 1 })
      await rig.provider.shutdown(within: .milliseconds(50))
      #expect(await result.outcome == .unknown)
      #expect(await result.reason == "shutting_down")
    }
  }

  @Test func connectionsThatNobodyUsesAreClosed() async throws {
    try await APNsRig.with(client: { $0.closeWhenIdle = .milliseconds(50) }) { rig in
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
      #expect(await rig.reaches { $0.connections == 0 && $0.drainingConnections == 0 })
      #expect(await rig.send(APNsRig.token(0)).outcome == .accepted)
    }
  }
}
