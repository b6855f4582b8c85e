import Crypto
import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct Authenticate {
  @Test func anExpiredTokenIsReplacedOnceOnANewConnection() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      rig.clock.advance(.seconds(21 * 60))
      rig.simulatorClock.advance(.seconds(61 * 60))
      let results = await rig.sendAll(50)
      #expect(results.allSatisfy { $0.outcome == .accepted })
      let status = try #require(await rig.status)
      #expect(status.tokensMinted == 2)
      #expect(status.connectionsOpened == 2)
      #expect(rig.simulator.duplicates().isEmpty)
    }
  }

  @Test func anExpiredTokenThatIsTooYoungToReplaceWaits() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      rig.clock.advance(.seconds(5 * 60))
      rig.simulatorClock.advance(.seconds(61 * 60))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.reason == "ExpiredProviderToken")
      #expect(result.blame == .credential)
      #expect(result.retryAfter == .seconds(15 * 60))
      #expect(await rig.status?.tokensMinted == 1)
    }
  }

  /// A clock that is off makes every token an expired one: that ends, and says so.
  @Test func aTokenThatIsExpiredAgainBlamesTheCredential() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      rig.clock.advance(.seconds(30 * 60))
      rig.simulatorClock.advance(.seconds(10 * 3_600))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.reason == "ExpiredProviderToken")
      #expect(result.blame == .credential)
      #expect(await rig.status?.tokensMinted == 2)
    }
  }

  @Test func aTokenIsRenewedBeforeAppleWouldRefuseIt() async throws {
    try await APNsRig.with { rig in
      for _ in 0..<20 {
        #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
        rig.clock.advance(.seconds(10 * 60))
        rig.simulatorClock.advance(.seconds(10 * 60))
      }
      #expect(await rig.status?.tokensMinted == 4)
    }
  }

  @Test func aKeyThatAppleDoesNotKnowBlamesTheCredential() async throws {
    try await APNsRig.with(
      secret: { simulator in
        APNsRig.stored(pem: P256.Signing.PrivateKey().pemRepresentation, for: simulator)
      }
    ) { rig in
      let results = await rig.sendAll(20)
      #expect(results.allSatisfy { $0.outcome == .retry && $0.blame == .credential })
      #expect(results.contains { $0.reason == "InvalidProviderToken" && $0.status == 403 })
      #expect(rig.simulator.receivedCounts.accepted == 0)
    }
  }

  @Test func aKeyOfTheOtherEnvironmentBlamesTheCredential() async throws {
    try await APNsRig.with(
      server: { configuration in
        configuration.environment = .production
        for index in configuration.keys.indices { configuration.keys[index].environment = .sandbox }
      }
    ) { rig in
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.reason?.hasPrefix("BadEnvironmentKey") == true)
      #expect(APNsReason.advice(for: result.reason ?? "") != nil)
    }
  }

  @Test func tooManyTokenUpdatesKeepTheTokenAndChangeTheConnection() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      rig.simulator.inject(
        .init(.answer(.init(.tooManyProviderTokenUpdates)), times: 1))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.retryAfter == .seconds(60))
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 2)
      #expect(await rig.status?.tokensMinted == 1)
    }
  }

  @Test func anUnrelatedKeyGoesToANewConnection() async throws {
    try await APNsRig.with { rig in
      rig.simulator.inject(.init(.answer(.init(.unrelatedKeyIDInToken)), times: 1))
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 2)
    }
  }

  @Test func aReplacedCredentialGetsConnectionsOfItsOwn() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      let key = P256.Signing.PrivateKey()
      try rig.simulator.register(
        APNsSimulatorKey(
          teamID: "TEAM000001", keyID: "KEY0000001",
          publicKeyPEM: key.publicKey.pemRepresentation))
      let replaced = try ProviderCredential(
        APNsRig.stored(pem: key.pemRepresentation, for: rig.simulator))
      let result = await rig.provider.send(
        rig.request(APNsRig.token(2)), with: replaced, deadline: APNsRig.deadline)
      #expect(result.outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 2)
      #expect(await rig.provider.status().count == 2)
    }
  }
}
