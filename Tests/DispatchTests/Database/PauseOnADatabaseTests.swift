import Ledger
import Postgres
import PushCore
import PushDispatch
import Testing

extension OnADatabase {
  @Suite struct PauseOnADatabase {
    private func lacks(_ rig: DispatchRig) async throws -> [String] {
      try await rig.pool.query(
        "select coalesce(lacks, 'nothing') || ' ' || due from pushledger.dispatch_status"
      ).map { try $0.get(0) }
    }

    @Test(
      "a pause is heard of at once; what is in flight is finished, and a restart changes nothing")
    func pausesAndResumes() async throws {
      try await DispatchRig.run { rig in
        let pauses = DispatchPauses(rig.pool)
        let provider = ScriptedProvider { _ in .hold }
        // What is not heard of would be found by looking only after a minute.
        let configuration = DispatchRig.configure {
          $0.credentialsInterval = .seconds(60)
          $0.lease = .seconds(60)
        }
        let first = rig.start(provider, configuration: configuration)
        try await rig.project([.device("ann"), .message("m1", to: "ann")])
        try await eventually { provider.heldCount == 1 }
        #expect(
          try await pauses.pause(.apns, of: DispatchRig.app, by: "k1", reason: "doubled pushes"))
        #expect(try await !pauses.pause(.apns, of: DispatchRig.app, reason: "again"))
        try await eventually { await first.dispatcher.status().isPaused }
        try await rig.project([
          .message("m2", to: "ann"), .device("bob"), .message("m3", to: "bob"),
        ])
        provider.release()
        try await eventually { try await rig.attempts().count == 1 }
        try await rig.project()
        #expect(try await lacks(rig) == ["paused 2"])
        try await first.stop()
        #expect(provider.pushes.count == 1)

        let next = ScriptedProvider()
        let second = rig.start(next, configuration: configuration)
        try await eventually { await second.dispatcher.status().isPaused }
        #expect(next.pushes.isEmpty)
        let listed = try #require(try await pauses.list(of: DispatchRig.app).first)
        #expect(listed.provider == .apns && listed.keyID == "k1")
        #expect(listed.reason == "doubled pushes")
        #expect(try await pauses.resume(.apns, of: DispatchRig.app))
        #expect(try await !pauses.resume(.apns, of: DispatchRig.app))
        try await eventually { try await rig.due() == 0 }
        try await second.stop()
        #expect(Set(next.pushes.map(\.token)) == ["token-ann", "token-bob"])
        #expect(try await rig.attempts().map(\.attempt) == [1, 1, 1])
      }
    }

    @Test("a pause of the app and one of a provider end each by itself; reasons are bounded")
    func keepsApart() async throws {
      try await DispatchRig.run { rig in
        let pauses = DispatchPauses(rig.pool)
        for provider in [nil, ProviderName.fcm] {
          let isNew = try await pauses.pause(provider, of: DispatchRig.app)
          #expect(isNew)
        }
        let isGone = try await pauses.resume(nil, of: DispatchRig.app)
        #expect(isGone)
        #expect(try await pauses.list().map(\.provider) == [.fcm])
        #expect(try await pauses.list(of: AppID(unchecked: "other")).isEmpty)
        await #expect(throws: AppsError.unknownApp(AppID(unchecked: "other"))) {
          try await pauses.pause(nil, of: AppID(unchecked: "other"))
        }
        for reason in ["", String(repeating: "x", count: 257), "a\0b"] {
          await #expect(throws: AppsError.self) {
            try await pauses.pause(nil, of: DispatchRig.app, reason: reason)
          }
        }
      }
    }
  }
}
