import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct SendPush {
  @Test func anAcceptedPushArrivesAsItWasMade() async throws {
    try await APNsRig.with { rig in
      let token = String(repeating: "AB12", count: 16)
      let request = rig.request(token, text: "Ann:hi", badge: 5)
      let result = await rig.provider.send(request, with: rig.credential, deadline: .seconds(20))
      let id = request.deliveryID.lowercaseText
      #expect(result.outcome == .accepted)
      #expect(result.status == 200)
      #expect(result.reason == nil)
      #expect(result.providerMessageID == id)
      #expect(result.payloadSHA256?.count == 32)
      let push = try #require(rig.simulator.received().pushes.first)
      #expect(push.token == token.lowercased())
      #expect(push.topic == APNsRig.topic)
      #expect(push.apnsID == id)
      #expect(push.collapseID == id)
      #expect(push.badge == 5)
      #expect(push.alertText == "Ann:hi")
      #expect(push.expiration == request.expiresAt.seconds)
    }
  }

  /// An authenticated connection only: the first request goes alone, and no stream that the server
  /// would refuse is ever opened.
  @Test(arguments: [1, 2, 3]) func manyAtOnceKeepToTheAnnouncedLimit(connections: Int) async throws
  {
    try await APNsRig.with(
      server: { $0.streamLimit = 20 }, client: { $0.connections = connections }
    ) { rig in
      let results = await rig.sendAll(400)
      #expect(results.allSatisfy { $0.outcome == .accepted })
      let status = try #require(await rig.status)
      #expect(status.streamResets == 0)
      #expect(status.resent == 0)
      #expect(status.answered == 400)
      #expect(status.tokensMinted == 1)
      #expect(status.inFlight == 0 && status.waiting == 0)
      #expect(rig.simulator.receivedCounts.accepted == 400)
      #expect(rig.simulator.duplicates().isEmpty)
      #expect(rig.simulator.acceptedConnections <= connections)
    }
  }

  @Test func theLimitIsFollowedDownAfterARefusalAndUpAgain() async throws {
    try await APNsRig.with { rig in
      #expect(await rig.send(APNsRig.token(1)).outcome == .accepted)
      #expect(await rig.reaches { $0.streamLimit == 1_000 })
      try await rig.simulator.change { $0.streamLimitAfterRefusal = 1 }
      rig.simulator.inject(
        .init(.answer(.init(.badTopic)), on: .token(APNsRig.token(2)), times: 1))
      #expect(await rig.send(APNsRig.token(2)).reason == "BadTopic")
      #expect(await rig.reaches { $0.streamLimit == 1 })
      let results = await rig.sendAll(200)
      #expect(results.allSatisfy { $0.outcome == .accepted })
      #expect(await rig.reaches { $0.streamLimit == 1_000 })
      #expect(rig.simulator.duplicates().isEmpty)
    }
  }

  @Test func aDeadTokenCarriesTheTimeThatAppleGave() async throws {
    try await APNsRig.with { rig in
      let since = Timestamp(microseconds: 1_790_000_000_123_000)
      rig.simulator.register(
        APNsSimulator.Device(token: APNsRig.token(1), invalidSince: since))
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .tokenInvalid)
      #expect(result.status == 410)
      #expect(result.reason == "Unregistered")
      #expect(result.invalidSince == since)
      #expect(result.blame == .delivery)
    }
  }

  /// A token of the other environment is told apart from a dead one, and is not shown again at
  /// once: Apple cuts connections that show many bad tokens.
  @Test func aTokenOfTheOtherEnvironmentIsRejectedAndRemembered() async throws {
    try await APNsRig.with(server: { $0.environment = .production }) { rig in
      rig.simulator.register(
        APNsSimulator.Device(token: APNsRig.token(1), environment: .sandbox))
      let first = await rig.send(APNsRig.token(1))
      #expect(first.outcome == .rejected)
      #expect(first.reason == "BadDeviceToken")
      let second = await rig.send(APNsRig.token(1))
      #expect(second.outcome == .rejected)
      #expect(second.reason == "bad_device_token_known")
      #expect(rig.simulator.receivedCounts.received == 1)
      #expect(await rig.send(APNsRig.token(2)).outcome == .accepted)
    }
  }

  @Test func connectionsAreSharedOutAndUsedAgain() async throws {
    try await APNsRig.with(
      server: {
        $0.streamLimit = 5
        $0.latency = .milliseconds(2)
      }, client: { $0.connections = 3 }
    ) { rig in
      _ = await rig.sendAll(300)
      _ = await rig.sendAll(300)
      #expect(rig.simulator.acceptedConnections == 3)
      #expect(await rig.status?.connections == 3)
      #expect(await rig.status?.connectionsOpened == 3)
    }
  }

  /// G9, as far as it is the provider's: who waits for each answer keeps its order, whatever
  /// connections and streams do meanwhile.
  @Test func aDeviceThatWaitsForEachAnswerKeepsItsOrder() async throws {
    try await APNsRig.with(client: { $0.connections = 2 }) { rig in
      for after in stride(from: 20, to: 300, by: 40) {
        rig.simulator.inject(
          .init(.goAway(.init(reason: "Shutdown")), after: after, times: 1))
        rig.simulator.inject(.init(.reset(code: 7), after: after + 17, times: 1))
      }
      await withDiscardingTaskGroup { group in
        for device in 0..<20 {
          group.addTask {
            for badge in 1...20 {
              let result = await rig.provider.send(
                rig.request(APNsRig.token(device), badge: Int64(badge)), with: rig.credential,
                deadline: APNsRig.deadline)
              #expect(result.outcome == .accepted)
            }
          }
        }
      }
      var last: [String: Int64] = [:]
      for push in rig.simulator.received().pushes where push.isAccepted {
        #expect(push.badge == last[push.token, default: 0] + 1)
        last[push.token] = push.badge
      }
      #expect(last.values.allSatisfy { $0 == 20 })
    }
  }
}
