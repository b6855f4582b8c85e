import PushCore
import Simulators
import Testing

@Suite("LimitStreams") struct LimitStreams {
  @Test func sendsSettingsFirst() async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect(PushClient.Options(sendsPreface: false))
      let view = try await client.until { !$0.limits.isEmpty }
      #expect(view.firstFrameKind == 4)
      #expect(view.limits == [1])
    }
  }

  @Test func allowsOneStreamUntilATokenWasGood() async throws {
    try await TestBench.run {
      $0.latency = .milliseconds(20)
    } _: { bench in
      let client = try await bench.connect()
      let streams = client.send([bench.push.with("authorization", nil), bench.push])
      #expect(try await client.answer(on: streams[0]).status == 403)
      let refused = await #expect(throws: PushClient.NoAnswer.self) {
        try await client.answer(on: streams[1])
      }
      #expect(refused?.resetCode == 7)
      #expect(client.view.limits == [1])
      #expect(try await client.push(bench.push).status == 200)
      try await client.until { $0.limits == [1, 1_000] }
      let many = client.send(Array(repeating: bench.push, count: 200))
      for stream in many { #expect(try await client.answer(on: stream).status == 200) }
    }
  }

  @Test func refusesStreamsAboveTheLimit() async throws {
    try await TestBench.run {
      $0.streamLimit = 10
      $0.latency = .milliseconds(20)
    } _: { bench in
      let client = try await bench.authenticated()
      let streams = client.send(Array(repeating: bench.push, count: 12))
      let view = try await client.until { view in
        streams.allSatisfy {
          view.responses[$0]?.isEnded == true || view.responses[$0]?.resetCode != nil
        }
      }
      #expect(streams.filter { view.responses[$0]?.status == 200 }.count == 10)
      #expect(streams.filter { view.responses[$0]?.resetCode == 7 } == Array(streams[10...]))
      #expect(bench.simulator.receivedCounts.received == 11, "the refused ones never arrived")
    }
  }

  @Test func lowersTheLimitOnceTheClientKnows() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      try await bench.simulator.change { $0.streamLimit = 3 }
      try await client.until { $0.limits == [1, 1_000, 3] }
      try await bench.simulator.change { $0.latency = .milliseconds(20) }
      let streams = client.send(Array(repeating: bench.push, count: 5))
      try await client.until { view in
        streams.allSatisfy {
          view.responses[$0]?.isEnded == true || view.responses[$0]?.resetCode != nil
        }
      }
      #expect(streams.filter { client.view.responses[$0]?.resetCode == 7 }.count == 2)
    }
  }

  @Test func bearsWithAClientThatHasNotHeardOfALowerLimit() async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect(PushClient.Options(acknowledgesSettings: false))
      _ = try await client.push(bench.push)
      try await client.until { $0.limits == [1, 1_000] }
      try await bench.simulator.change { $0.streamLimit = 2 }
      try await bench.simulator.change { $0.latency = .milliseconds(20) }
      for stream in client.send(Array(repeating: bench.push, count: 5)) {
        #expect(try await client.answer(on: stream).status == 200)
      }
    }
  }

  @Test func dropsTheLimitAtARefusalUntilAnAcceptedPush() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      try await bench.simulator.change { $0.streamLimitAfterRefusal = 1 }
      _ = try await client.push(bench.push.with("apns-priority", "7"))
      try await client.until { $0.limits == [1, 1_000, 1] }
      _ = try await client.push(bench.push.with("apns-priority", "7"))
      _ = try await client.push(bench.push)
      try await client.until { $0.limits == [1, 1_000, 1, 1_000] }
    }
  }

  @Test func sendsAConnectionAwayAfterTooManyRefusals() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      try await bench.simulator.change { $0.refusalsBeforeGoAway = 2 }
      let gone = Array(repeating: "dd", count: 32).joined()
      bench.simulator.register(
        APNsSimulator.Device(token: gone, invalidSince: .init(microseconds: 1)))
      _ = try await client.push(TestPush(bench.authorization, token: gone))
      _ = try await client.push(TestPush(bench.authorization, token: "abcd"))
      #expect(client.view.goAways.isEmpty, "410 does not count")
      _ = try await client.push(TestPush(bench.authorization, token: "abcd"))
      let view = try await client.until { $0.isClosed }
      #expect(view.goAways.map(\.debug) == [#"{"reason":"BadDeviceToken"}"#])
    }
  }
}
