import PushCore
import Simulators
import Testing

@testable import Providers

/// FCM behind a server that speaks no HTTP/2: the pool takes what ALPN leaves.
@Suite struct FCMOverHTTP1 {
  private func run(_ body: (FCMRig) async throws -> Void) async throws {
    try await FCMRig.with(prepare: { $0.offersHTTP2 = false }, body)
  }

  @Test func manyPushesAtOnceTakeManyConnections() async throws {
    try await run { rig in
      let tokens = (0..<20).map { "token-\($0)" }
      let results = await withTaskGroup(of: AttemptResult.self) { group in
        for token in tokens { group.addTask { await rig.send(token) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results.allSatisfy { $0.outcome == .accepted && $0.status == 200 })
      #expect(Set(rig.simulator.received().map(\.token)) == Set(tokens))
      #expect(rig.simulator.duplicates().isEmpty && rig.simulator.receivedCount == tokens.count)
      // Over HTTP/2 they would share one: see below.
      #expect(rig.simulator.acceptedConnections > 1)
    }
  }

  @Test func overHTTP2TheyShareOne() async throws {
    try await FCMRig.with { rig in
      await withTaskGroup(of: Void.self) { group in
        for index in 0..<20 { group.addTask { _ = await rig.send("token-\(index)") } }
      }
      #expect(rig.simulator.receivedCount == 20 && rig.simulator.acceptedConnections == 1)
    }
  }

  @Test func oneAfterTheOtherUsesOneConnection() async throws {
    try await run { rig in
      for index in 0..<5 { #expect(await rig.send("token-\(index)").outcome == .accepted) }
      #expect(rig.simulator.acceptedConnections == 1)
    }
  }

  @Test func aRefusalHasItsMeaning() async throws {
    try await run { rig in
      rig.simulator.setFate("UNREGISTERED", of: "gone")
      let result = await rig.send("gone")
      #expect(result.outcome == .tokenInvalid && result.status == 404)
      #expect(await rig.send("alive").outcome == .accepted)
    }
  }

  @Test func aLostAnswerIsUnknownAndTheNextGoes() async throws {
    try await run { rig in
      #expect(await rig.send("first").outcome == .accepted)
      rig.simulator.inject(SimulatedFault(.close(accepted: true), path: "/v1/"))
      let lost = await rig.send("second")
      #expect(lost.outcome == .unknown && lost.status == nil)
      #expect(await rig.send("third").outcome == .accepted)
      #expect(rig.simulator.received().map(\.token) == ["first", "second", "third"])
    }
  }

  @Test func aConnectionSentAwayIsReplaced() async throws {
    try await run { rig in
      rig.simulator.inject(SimulatedFault(.goAway, path: "/v1/"))
      #expect(await rig.send("first").outcome == .accepted)
      #expect(await rig.send("second").outcome == .accepted)
      #expect(rig.simulator.acceptedConnections == 2)
    }
  }

  @Test func theCredentialIsProved() async throws {
    try await run { rig in
      let proof = await rig.provider.prove(rig.credential, deadline: FCMRig.deadline)
      #expect(proof == .works)
      #expect(rig.simulator.receivedCount == 0, "no phone rings")
    }
  }
}
