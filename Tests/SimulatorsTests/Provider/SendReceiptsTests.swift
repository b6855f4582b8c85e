import Logging
import NIOHTTP1
import PushCore
import Simulators
import Testing

@Suite struct SendReceipts {
  @Test func bringsThemToTheCustomersServer() async throws {
    try await BellBench.run { customer in
      let trust = customer.simulator.caCertificatePEM
      try await BellBench.run(.http2, { $0.receiptTrustPEM = trust }) { bench in
        let control = "http://127.0.0.1:\(customer.simulator.controlPort ?? 0)"
        _ = try await bench.push("a", receipt: control + "/keys")
        await bench.simulator.waitForReceipts(1)
        #expect(customer.simulator.simulation.keysGiven == ["rung"])
        _ = try await bench.push("a", receipt: customer.simulator.url + "/receipts")
        await bench.simulator.waitForReceipts(2)
        _ = try await bench.push("a", receipt: control + "/nowhere")
        await bench.simulator.waitForReceipts(3)
        let receipts = bench.simulator.receipts
        #expect(receipts.map(\.status) == [200, 201, 404])
        #expect(receipts.allSatisfy { $0.problem == nil && $0.body == Array("rung".utf8) })
        #expect(customer.simulator.acceptedConnections == 1)
        let shown = try await bench.control(.GET, "/receipts").json["receipts"]?.array
        #expect(shown?.count == 3 && shown?.first?["body"] == "rung")
        #expect(shown?.first?["url"]?.string == control + "/keys")
        bench.simulator.reset()
        #expect(bench.simulator.receipts.isEmpty)
      }
    }
  }

  @Test func saysWhyOneDidNotArrive() async throws {
    try await BellBench.run { bench in
      _ = try await bench.push("a", receipt: bench.simulator.url + "/receipts")
      await bench.simulator.waitForReceipts(1)
      let receipt = try #require(bench.simulator.receipts.first)
      #expect(receipt.status == nil && receipt.problem != nil)
    }
  }

  @Test func badTrustKeepsASimulatorFromStarting() async throws {
    await #expect(throws: SimulatorError.self) {
      try await BellBench.run(.http2, { $0.receiptTrustPEM = "no PEM" }) { _ in }
    }
  }
}

@Suite struct StopProviders {
  @Test func leavesNothingRunning() async throws {
    try await BellBench.run { bench in
      _ = try await bench.push("a", receipt: "http://127.0.0.1:1/", delay: 3_600)
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await bench.simulator.waitForReceived(1_000) }
        group.addTask { await bench.simulator.waitForReceipts(1_000) }
        await bench.simulator.stop()
      }
      #expect(bench.simulator.openConnections == 0)
      #expect(bench.simulator.received().map(\.token) == ["a"])
      #expect(bench.simulator.receipts.map(\.status) == [nil])
      await #expect(throws: (any Error).self) { try await bench.push("b") }
      await #expect(throws: (any Error).self) { try await bench.control(.GET, "/") }
      var configuration = ProviderSimulatorConfiguration()
      configuration.port = bench.simulator.port
      let next = try await ProviderSimulator.start(
        BellSimulation(), configuration, logger: Logger(label: "test"))
      #expect(next.port == bench.simulator.port)
      await next.stop()
    }
  }

  @Test func saysWhyItCannotListen() async throws {
    try await BellBench.run { bench in
      let taken = [bench.simulator.port, bench.simulator.controlPort ?? 0]
      for (index, port) in taken.enumerated() {
        let problem = await #expect(throws: SimulatorError.self) {
          try await BellBench.run(
            .http2, { if index == 0 { $0.port = port } else { $0.controlPort = port } }
          ) { _ in }
        }
        guard case .cannotListen(_, port, _) = problem else {
          Issue.record("\(String(describing: problem))")
          return
        }
      }
    }
  }
}
