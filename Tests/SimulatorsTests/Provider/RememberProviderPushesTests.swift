import PushCore
import Simulators
import Testing

@Suite struct RememberProviderPushes {
  @Test func listsWhatArrived() async throws {
    let clock = ManualTime()
    try await BellBench.run(.http2, { $0.clock = { clock.now } }) { bench in
      bench.simulator.setFate("gone", of: "b")
      _ = try await bench.push("a", "b")
      clock.move(by: .seconds(1))
      _ = try await bench.push("c", delivery: "d-1")
      await bench.simulator.waitForReceived(3)
      let pushes = bench.simulator.received()
      #expect(pushes.map(\.sequence) == [1, 2, 3] && pushes.map(\.token) == ["a", "b", "c"])
      #expect(pushes.map(\.id) == ["id-a", "id-b", "id-c"])
      #expect(pushes.map(\.isAccepted) == [true, false, true])
      #expect(pushes[2].receivedAt == clock.now && pushes[1].receivedAt < clock.now)
      #expect(pushes[2].note["delivery_id"] == "d-1" && pushes[2].connection == 1)
      #expect(pushes[2].payload == pushes[2].note.serialized())
      #expect(bench.simulator.received(after: 1, limit: 1) == [pushes[1]])
      #expect(bench.simulator.received(after: 3).isEmpty)
      #expect(bench.simulator.receivedCount == 3 && bench.simulator.acceptedCount == 2)
      bench.simulator.reset()
      #expect(bench.simulator.received().isEmpty && bench.simulator.counts == SimulatedCounts())
      _ = try await bench.push("b")
      #expect(bench.simulator.received().map(\.isAccepted) == [true])
    }
  }

  @Test func findsDeliveriesAcceptedTwice() async throws {
    try await BellBench.run { bench in
      bench.simulator.setFate("gone", of: "a", times: 1)
      let first = "0c635ef1-2e9c-55e1-8eac-92155eb4db11"
      _ = try await bench.push("a", delivery: first)  // 1, refused
      _ = try await bench.push("a", "b", delivery: first)  // 2, 3
      _ = try await bench.push("a", delivery: "second")  // 4
      _ = try await bench.push("b", "c", delivery: first)  // 5, 6
      _ = try await bench.push("a", "b", delivery: "second")  // 7, 8
      _ = try await bench.push("b", "b")  // 9, 10: nobody can tell
      _ = try await bench.push("b", delivery: first)  // 11
      #expect(
        bench.simulator.duplicates() == [
          SimulatedDuplicate(token: "b", deliveryID: first, sequences: [3, 5, 11]),
          SimulatedDuplicate(token: "a", deliveryID: "second", sequences: [4, 7]),
        ])
      #expect(bench.simulator.duplicates(limit: 1).count == 1)
      let counts = bench.simulator.counts
      #expect((counts.received, counts.accepted) == (11, 10))
      #expect((counts.deliveries, counts.duplicates) == (7, 3))
    }
  }

  @Test func forgetsTheOldest() async throws {
    try await BellBench.run { bench in
      let tokens = (1...9_000).map { "token-\($0)" }
      _ = try await bench.push(tokens, delivery: "d-1")
      let pushes = bench.simulator.received(limit: 10_000)
      #expect(pushes.first?.sequence == 8_193 && pushes.count == 808)
      #expect(pushes.allSatisfy { $0.token == "token-\($0.sequence)" })
      #expect(
        pushes.suffix(10).allSatisfy {
          !$0.payload.isEmpty && $0.payload == $0.note.serialized()
        })
      #expect(
        pushes.dropLast(10).allSatisfy { $0.payload.isEmpty && $0.note == ["delivery_id": "d-1"] })
      #expect(bench.simulator.receivedCount == 9_000)
    }
  }

  @Test func followsTheFatesOfTokens() async throws {
    try await BellBench.run { bench in
      let simulator = bench.simulator
      simulator.setFate("busy", of: "a", times: 2)
      simulator.setFate("gone", of: "a", times: 1)
      simulator.setFate("late", of: "*", times: 2)
      let scripted = try await bench.push("a", "a", "a", "a", "a", "b")
      #expect(scripted == ["busy", "busy", "gone", "late", "late", nil])
      simulator.setFate("gone", of: "a")
      let lasting = try await bench.push("a", "a", "b")
      #expect(lasting == ["gone", "gone", nil])
      simulator.setFate("back", of: "a", times: 1)
      let replaced = try await bench.push("a", "a")
      #expect(replaced == ["back", nil])
      simulator.setFate("gone", of: "*")
      let everybody = try await bench.push("a", "b")
      #expect(everybody == ["gone", "gone"])
      simulator.clearFates()
      let cleared = try await bench.push("a", "b")
      #expect(cleared == [nil, nil])
    }
  }
}
