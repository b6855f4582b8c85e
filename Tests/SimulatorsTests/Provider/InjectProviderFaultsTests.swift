import NIOHTTP1
import PushCore
import Simulators
import Testing

@Suite struct InjectProviderFaults {
  @Test(arguments: BellBench.Version.allCases)
  func answersInPlaceOfTheProvider(_ version: BellBench.Version) async throws {
    try await BellBench.run(version) { bench in
      bench.simulator.inject(
        SimulatedFault(
          .answer(.text("later", status: 503)), path: "/pu", after: 1, times: 2))
      #expect(try await bench.call(.GET, "/other").status == 201)
      #expect(try await bench.push("a") == [nil])
      for _ in 0..<2 {
        let answer = try await bench.call(.POST, "/push")
        #expect(answer.status == 503 && answer.text == "later")
      }
      #expect(try await bench.push("a") == [nil])
      #expect(bench.simulator.receivedCount == 2 && bench.simulator.faults.isEmpty)
      bench.simulator.inject(SimulatedFault(.answer(.empty(500)), times: nil))
      for _ in 0..<3 { #expect(try await bench.call(.GET, "/").status == 500) }
      bench.simulator.clearFaults()
      #expect(try await bench.call(.GET, "/").status == 201)
    }
  }

  @Test(arguments: BellBench.Version.allCases)
  func staysSilent(_ version: BellBench.Version) async throws {
    try await BellBench.run(version) { bench in
      bench.simulator.inject(SimulatedFault(.silence(accepted: true), path: "/push"))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await bench.push("a") }
        await bench.simulator.waitForReceived(1)
        let next = try await bench.push("b")
        #expect(next == [nil])
        #expect(bench.simulator.openConnections == (version == .http1 ? 2 : 1))
        group.cancelAll()
        await #expect(throws: (any Error).self) { try await group.next() }
      }
      #expect(bench.simulator.acceptedCount == 2)
    }
  }

  @Test(arguments: BellBench.Version.allCases, [true, false])
  func closesTheConnection(_ version: BellBench.Version, accepted: Bool) async throws {
    try await BellBench.run(version) { bench in
      bench.simulator.inject(SimulatedFault(.close(accepted: accepted)))
      await #expect(throws: (any Error).self) { try await bench.push("a") }
      #expect(bench.simulator.acceptedCount == (accepted ? 1 : 0))
      #expect(bench.simulator.acceptedConnections == 1)
    }
  }

  @Test(arguments: BellBench.Version.allCases)
  func resetsAStream(_ version: BellBench.Version) async throws {
    try await BellBench.run(version) { bench in
      let first = try await bench.push("a")
      bench.simulator.inject(SimulatedFault(.reset(code: 7)))
      await #expect(throws: (any Error).self) { try await bench.push("a") }
      let third = try await bench.push("a")
      #expect(first == [nil] && third == [nil])
      #expect(bench.simulator.acceptedConnections == (version == .http1 ? 2 : 1))
      #expect(bench.simulator.receivedCount == 2)
    }
  }

  @Test(arguments: BellBench.Version.allCases)
  func sendsAConnectionAway(_ version: BellBench.Version) async throws {
    try await BellBench.run(version) { bench in
      bench.simulator.inject(SimulatedFault(.goAway))
      let fates = try await [bench.push("a"), bench.push("b")]
      #expect(fates == [[nil], [nil]])
      #expect(bench.simulator.received().map(\.connection) == [1, 2])
    }
  }

  /// Only that it's not earlier can be promised.
  @Test(arguments: BellBench.Version.allCases)
  func answersLater(_ version: BellBench.Version) async throws {
    try await BellBench.run(version, { $0.latency = .milliseconds(20) }) { bench in
      bench.simulator.inject(SimulatedFault(.delay(.milliseconds(30))))
      let clock = ContinuousClock()
      let delayed = try await clock.measure { _ = try await bench.push("a") }
      #expect(delayed >= .milliseconds(50))
      let usual = try await clock.measure { _ = try await bench.push("a") }
      #expect(usual >= .milliseconds(20))
      #expect(bench.simulator.acceptedCount == 2)
    }
  }

  @Test func closesEveryConnection() async throws {
    try await BellBench.run { bench in
      bench.simulator.inject(SimulatedFault(.silence(accepted: true)))
      await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await bench.push("a") }
        await bench.simulator.waitForReceived(1)
        bench.simulator.closeConnections()
        await #expect(throws: (any Error).self) { try await group.next() }
      }
      #expect(bench.simulator.acceptedConnections == 1)
    }
  }
}
