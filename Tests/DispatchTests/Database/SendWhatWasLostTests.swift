import Postgres
import PushCore
import PushDispatch
import TestSupport
import Testing

extension OnADatabase {
  @Suite struct SendWhatWasLost {
    @Test("what is set right behind what was read is sent, though the lane is never idle")
    func behindTheCursor() async throws {
      try await DispatchRig.run(lanes: 1) { rig in
        let provider = ScriptedProvider { request in
          request.token == "token-ann"
            ? .answer(AttemptResult(.retry, status: 503, reason: "ServiceUnavailable")) : .accept
        }
        try await rig.project([
          .device("ann"), .device("bob"), .message("m1", to: "bob"), .message("m2", to: "ann"),
        ])
        // Lost behind PushLedger's back; the projection has it.
        _ = try await rig.pool.query("delete from dispatch.due where user_id = 'bob'")
        let dispatcher = rig.start(
          provider, configuration: DispatchRig.configure { $0.retries.first = .seconds(3_600) })
        try await eventually { try await rig.attempts().count == 1 }
        _ = try await rig.pool.query("update ledger.checkpoints set cleared_to = 0, mended_to = 0")
        try await rig.project()
        try await eventually { try await rig.attempts().count == 2 }
        #expect(provider.pushes.map(\.token).sorted() == ["token-ann", "token-bob"])
        try await dispatcher.stop()
      }
    }
  }
}
