import Postgres
import PushCore
import Synchronization
import Testing

import struct Foundation.UUID

@testable import PushDispatch

extension OnADatabase {
  @Suite struct ShareDeliveries {
    @Test("G9, G11: two dispatchers at once send each delivery once")
    func sendsOnce() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider()
        try await rig.project(NewEvent.traffic(users: 40, messages: 5))
        let first = rig.start(provider)
        let second = rig.start(provider)
        try await rig.project(NewEvent.traffic(users: 40, messages: 10))
        try await eventually { try await rig.due() == 0 }
        let pushes = provider.pushes
        #expect(pushes.count == 400 && Set(pushes.map(\.delivery)).count == 400)
        let attempts = try await rig.attempts()
        #expect(attempts.count == 400 && attempts.allSatisfy { $0.outcome == .accepted })
        try await first.stop()
        try await second.stop()
      }
    }

    @Test(
      "G8, G10, G11: whoever follows a lost dispatcher marks what it had handed out, and no more")
    func takesOver() async throws {
      try await DispatchRig.run { rig in
        let silent = ScriptedProvider { request in
          // One device is answered, the others never.
          request.token == "token-user-0" ? .accept : .hold
        }
        try await rig.project(NewEvent.traffic(users: 10, messages: 12))
        let first = rig.start(silent)
        // Those that left, and the next seven of each device.
        try await eventually {
          let handedOut = try await rig.unrecorded().count
          let recorded = try await rig.attempts().count
          return handedOut == 9 * 8 && recorded == 12 && silent.heldCount == 9
        }
        first.kill()
        let handedOut = try await rig.unrecorded()
        let provider = ScriptedProvider()
        let second = rig.start(provider)
        try await eventually { try await rig.due() == 0 }
        silent.release()
        try await first.close()
        try await second.stop()

        let attempts = try await rig.attempts()
        let unknown = attempts.filter { $0.outcome == .unknown }
        #expect(Set(unknown.map(\.deliveryID)) == handedOut && unknown.count == handedOut.count)
        #expect(unknown.allSatisfy { $0.reason == "dispatcher_lost" && $0.attempt == 1 })
        #expect(unknown.allSatisfy { $0.dispatcher == first.dispatcher.name })
        #expect(attempts.count == 12 * 10 + handedOut.count)
        for push in provider.pushes {
          #expect(push.attempt == (handedOut.contains(push.delivery) ? 2 : 1))
        }
        #expect(provider.pushes.count == 9 * 12)
      }
    }

    @Test("G10: a push that was called off while its dispatcher died is in the ledger")
    func recordsTheCalledOff() async throws {
      try await DispatchRig.run { rig in
        let silent = ScriptedProvider { _ in .hold }
        try await rig.project([
          .device("ann"), .device("bob"), .message("m1", to: "ann"), .message("m2", to: "bob"),
        ])
        let first = rig.start(silent)
        try await eventually { silent.heldCount == 2 }
        first.kill()
        // Nothing is due in its lane any more.
        try await rig.project([.recall("m1")])
        #expect(
          Lane.of(UserID(unchecked: "ann"), count: 8) != Lane.of(UserID(unchecked: "bob"), count: 8)
        )
        let second = rig.start(ScriptedProvider())
        try await eventually {
          let isRecorded = try await rig.attempts().contains { $0.message.rawValue == "m1" }
          let due = try await rig.due()
          return isRecorded && due == 0
        }
        try await second.stop()
        silent.release()
        try await first.close()
        let attempts = try await rig.attempts().filter { $0.message.rawValue == "m1" }
        #expect(attempts.map(\.outcome) == [.unknown])
        try await rig.project()
        #expect(
          try await rig.count("notifications_v1.deliveries where status = 'cancelled'") == 1)
      }
    }

    @Test("G10: what a dispatcher sent before it lost its lane is recorded, marked as fenced")
    func recordsFenced() async throws {
      try await DispatchRig.run(lanes: 1) { rig in
        let slow = ScriptedProvider { _ in .hold }
        try await rig.project([.device("ann"), .message("m1", to: "ann")])
        let first = rig.start(
          slow, configuration: DispatchRig.configure { $0.renewInterval = .seconds(600) })
        try await eventually { slow.heldCount == 1 }
        // It does not renew its lease: another takes the lane.
        let provider = ScriptedProvider { _ in .hold }
        let second = rig.start(provider)
        try await eventually { provider.heldCount == 1 }
        slow.release()
        try await eventually { try await rig.attempts().count == 2 }
        #expect(try await rig.due() == 0, "it has ended: nothing is left to send")
        provider.release()
        try await eventually { try await rig.attempts().count == 3 }
        try await first.stop()
        try await second.stop()

        let attempts = try await rig.attempts()
        #expect(attempts.map(\.outcome) == [.unknown, .accepted, .accepted])
        #expect(attempts.map(\.attempt) == [1, 1, 2])
        #expect(attempts.map(\.fenced) == [false, true, false])
        #expect(
          attempts.map(\.dispatcher) == [
            first.dispatcher.name, first.dispatcher.name, second.dispatcher.name,
          ])
        let status = await first.dispatcher.status()
        #expect(status.counters.fenced == 1 && status.counters.lanesLost == 1)
      }
    }

    @Test("G8, G10, G11: connections that are killed again and again lose nothing")
    func survivesLostConnections() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider()
        try await rig.project((0..<20).map { .device("user-\($0)") })
        let dispatcher = rig.start(provider, as: "victim")
        var killed: Int64 = 0
        var round = 0
        // While it connects again there is nothing to kill.
        while round < 30 || killed <= 10 {
          try await rig.project((0..<20).map { .message("m-\($0)-\(round)", to: "user-\($0)") })
          killed += try await rig.pool.query(
            """
            select count(pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and application_name = 'victim'
            """)[0].get(0, as: Int64.self)
          round += 1
        }
        try await eventually { try await rig.due() == 0 }
        try await dispatcher.stop()
        let attempts = try await rig.attempts()
        let accepted = attempts.filter { $0.outcome == .accepted }
        #expect(Set(accepted.map(\.deliveryID)).count == 20 * round)
        let keys = Set(attempts.filter { !$0.fenced }.map { "\($0.deliveryID) \($0.attempt)" })
        #expect(keys.count == attempts.count { !$0.fenced })
        for push in provider.pushes {
          #expect(
            attempts.contains { $0.deliveryID == push.delivery && $0.attempt == push.attempt })
          guard push.attempt > 1 else { continue }
          #expect(
            attempts.contains {
              $0.deliveryID == push.delivery && $0.attempt == push.attempt - 1
                && $0.outcome == .unknown
            })
        }
      }
    }
  }
}
