import Ledger
import Postgres
import Projections
import PushCore
import PushDispatch
import TestSupport
import Testing

extension OnADatabase {
  @Suite struct GoAnotherWay {
    private static func run(
      _ body:
        @Sendable (DispatchRig, _ apns: ScriptedProvider, _ meizu: ScriptedProvider)
        async throws -> Void
    ) async throws {
      try await DispatchRig.run { rig in
        try await ProviderCredentials(rig.pool, keys: DispatchRig.masterKeys).add(
          "other", provider: .meizu, of: DispatchRig.app, settings: ["app_id": 1], secret: "s")
        let apns = ScriptedProvider { _ in
          .answer(AttemptResult(.tokenInvalid, status: 410, reason: "Unregistered"))
        }
        try await body(rig, apns, ScriptedProvider(.meizu))
      }
    }

    @Test("what one provider refused for good goes by the next, once, with that way's token")
    func sendsTheNextWay() async throws {
      try await Self.run { rig, apns, meizu in
        let dispatcher = rig.start(apns, meizu)
        try await rig.project([
          .deviceOfTwoWays("ann"), .message("m1", to: "ann"), .message("m2", to: "ann"),
        ])
        // The second may be refused unsent, since the first one said that the token is dead.
        try await eventually { try await rig.due() == 0 }
        #expect(meizu.pushes.isEmpty, "nobody folded what became of the first way yet")
        try await rig.project()
        try await eventually { meizu.pushes.count == 2 }
        try await eventually { try await rig.due() == 0 }
        #expect(meizu.pushes.map(\.token) == ["other-ann", "other-ann"])
        let ways = try await rig.attempts().map {
          "\($0.message.rawValue) \($0.attempt) \($0.provider.rawValue) \($0.outcome.rawValue)"
        }
        #expect(
          ways.sorted() == [
            "m1 1 apns token_invalid", "m1 2 meizu accepted", "m2 1 apns token_invalid",
            "m2 2 meizu accepted",
          ])
        try await rig.project([.message("m3", to: "ann")])
        try await eventually { meizu.pushes.count == 3 }
        try await dispatcher.stop()
        try await rig.project()
        #expect(
          try await rig.count(
            "notifications_v1.deliveries where status = 'accepted' and provider = 'meizu'") == 3)
      }
    }

    @Test("the next way is found though what came later was read before it")
    func findsWhatCameBehind() async throws {
      try await Self.run { rig, apns, meizu in
        try await rig.project([.deviceOfTwoWays("ann"), .message("m1", to: "ann")])
        // A dispatcher that sends through Meizu alone reads on past the first message.
        let second = rig.start(meizu)
        try await rig.project([.meizuDevice("bob"), .message("m2", to: "bob")])
        try await eventually { meizu.pushes.count == 1 }
        try await second.stop()
        let both = rig.start(apns, meizu)
        try await rig.project([.message("m3", to: "bob")])
        try await eventually { meizu.pushes.count == 2 }
        try await eventually { apns.pushes.count == 1 }
        try await eventually { try await rig.attempts().count == 3 }
        try await rig.project()
        try await eventually { meizu.pushes.count == 3 }
        #expect(meizu.pushes.last?.token == "other-ann")
        try await both.stop()
      }
    }

    @Test(
      "G10: a refusal whose lane was lost leaves a number out, which the new holder may be using",
      arguments: [false, true])
    func leavesANumberOut(_ isFenced: Bool) async throws {
      try await Self.run { rig, _, _ in
        try await rig.project([.deviceOfTwoWays("ann"), .message("m1", to: "ann")])
        let rows = try await rig.pool.query("select delivery_id from dispatch.due")
        try await rig.project([.refusal(of: try rows[0].get(0), fenced: isFenced)])
        #expect(
          try await rig.count(
            "dispatch.due where provider = 'meizu' and attempts = \(isFenced ? 2 : 1)") == 1)
      }
    }

    @Test("a call-off ends it, whichever way it is at", arguments: [false, true])
    func isCalledOff(_ isBetweenWays: Bool) async throws {
      try await Self.run { rig, apns, meizu in
        try await rig.project([.deviceOfTwoWays("ann"), .message("m1", to: "ann")])
        let dispatcher = rig.start(apns)
        try await eventually { try await rig.attempts().count == 1 }
        if isBetweenWays { try await rig.append([.recall("m1")]) }
        try await rig.project()
        #expect(
          try await rig.count("dispatch.due where provider = 'meizu'") == (isBetweenWays ? 0 : 1))
        try await rig.project([.recall("m1")])
        #expect(try await rig.due() == 0)
        #expect(
          try await rig.count(
            "notifications_v1.deliveries where status = 'cancelled' and provider = 'meizu'") == 1)
        try await dispatcher.stop()
        #expect(meizu.pushes.isEmpty)
      }
    }
  }
}

extension NewEvent {
  fileprivate static func meizuDevice(_ user: String) -> NewEvent {
    device(user, provider: .meizu)
  }
}
