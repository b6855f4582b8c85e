import Foundation
import PushCore
import Simulators
import Testing

@Suite("RememberPushes") struct RememberPushes {
  @Test func showsWhatArrivedInOrder() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let id = "0c635ef1-2e9c-55e1-8eac-92155eb4db11"
      let push = bench.push.with("apns-id", id).with("apns-collapse-id", "talk-7")
        .with("apns-expiration", "1800000000")
      _ = try await client.push(push)
      _ = try await client.push(push.withBody("{}").with("apns-collapse-id", nil))
      let page = bench.simulator.received(after: 1)
      #expect(page.pushes.map(\.sequence) == [2, 3])
      #expect(page.next == 3 && page.dropped == 0)
      let first = page.pushes[0]
      #expect(first.token == TestPush.token && first.topic == "org.example.chat")
      #expect(first.apnsID == id && first.collapseID == "talk-7" && first.badge == 3)
      #expect(first.expiration == 1_800_000_000 && first.alertText == "B")
      #expect(first.payload == push.body && first.connection == 1)
      #expect(page.pushes[1].badge == nil && page.pushes[1].collapseID == nil)
      #expect(bench.simulator.received(after: 3).pushes.isEmpty)
      #expect(bench.simulator.received(limit: 2).next == 2)
    }
  }

  @Test func tellsWhatWasAcceptedTwice() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let ids = (0..<3).map { "0c635ef1-2e9c-55e1-8eac-92155eb4db1\($0)" }
      bench.simulator.inject(.init(.answer(.init(.serviceUnavailable)), times: 1))
      for id in [ids[0], ids[0], ids[1], ids[2], ids[1], ids[1]] {
        _ = try await client.push(bench.push.with("apns-id", id))
      }
      let duplicates = bench.simulator.duplicates()
      #expect(duplicates.map(\.apnsID) == [ids[1]], "a retry after a refusal is none")
      #expect(duplicates.map(\.sequences) == [[4, 6, 7]])
      #expect(duplicates.map(\.token) == [TestPush.token])
      #expect(bench.simulator.receivedCounts.refused == ["ServiceUnavailable": 1])
    }
  }

  @Test func forgetsTheOldestAndSaysSo() async throws {
    try await TestBench.run {
      $0.rememberedPushes = 8_192
      $0.rememberedPayloads = 10
    } _: { bench in
      let client = try await bench.authenticated()
      for _ in 0..<18 {
        let streams = client.send(Array(repeating: bench.push, count: 500))
        try await client.until { view in
          streams.allSatisfy { view.responses[$0]?.isEnded == true }
        }
      }
      let counts = bench.simulator.receivedCounts
      #expect(counts.received == 9_001 && counts.accepted == 9_001 && counts.dropped == 4_096)
      let page = bench.simulator.received(after: 100, limit: 10_000)
      #expect(page.dropped == 3_996 && page.next == 9_001)
      #expect(page.pushes.map(\.sequence) == Array(4_097...9_001))
      #expect(page.pushes.filter { $0.payload != nil }.map(\.sequence) == Array(8_992...9_001))
    }
  }

  @Test func streamsWhatIsThereAndWhatComes() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let simulator = bench.simulator
      async let sequences: [Int] = {
        var found: [Int] = []
        for await push in simulator.receivedStream() {
          found.append(push.sequence)
          if found.count == 301 { break }
        }
        return found
      }()
      for _ in 0..<3 {
        let streams = client.send(Array(repeating: bench.push, count: 100))
        for stream in streams { _ = try await client.answer(on: stream) }
      }
      #expect(await sequences == Array(1...301))
    }
  }

  @Test func endsAStreamWithTheSimulatorOrItsTask() async throws {
    try await TestBench.run { bench in
      let simulator = bench.simulator
      let cancelled = Task {
        for await _ in simulator.receivedStream() {}
        return true
      }
      cancelled.cancel()
      #expect(await cancelled.value)
      let stopped = Task {
        for await _ in simulator.receivedStream() {}
        return true
      }
      await simulator.stop()
      #expect(await stopped.value)
    }
  }

  @Test func startsAgainAfterAReset() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(.init(.answer(.init(.shutdown))))
      var pushes = bench.simulator.receivedStream().makeAsyncIterator()
      #expect(await pushes.next()?.sequence == 1)
      try await bench.simulator.reset()
      #expect(bench.simulator.receivedCounts.received == 0)
      #expect(try await client.push(bench.push).status == 200)
      #expect(await pushes.next()?.sequence == 1)
      #expect(bench.simulator.duplicates().isEmpty)
    }
  }
}
