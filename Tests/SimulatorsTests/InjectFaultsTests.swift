import Foundation
import Logging
import PushCore
import Simulators
import Testing

@Suite("InjectFaults") struct InjectFaults {
  private let other = String(repeating: "cd", count: 32)

  @Test(arguments: APNsSimulator.Reason.allCases)
  func answersAnyReason(_ reason: APNsSimulator.Reason) async throws {
    try await TestBench.run { bench in
      bench.simulator.inject(.init(.answer(.init(reason, timestamp: 1_700_000_000_000))))
      let answer = try await bench.connect().push(bench.push)
      #expect(answer.status == reason.status)
      let time = reason.status == 410 ? #","timestamp":1700000000000"# : ""
      #expect(answer.bodyText == #"{"reason":"\#(reason.rawValue)"\#(time)}"#)
    }
  }

  @Test func hitsItsTokensItsNumberOfTimesAfterSoManyThatGoWell() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(
        .init(.answer(.init(.unregistered)), on: .token(other.uppercased()), after: 2, times: 1))
      bench.simulator.inject(
        .init(.answer(.init(.serviceUnavailable)), on: .tokenPrefix("AB"), times: 2))
      var statuses: [Int?] = []
      for token in [TestPush.token, other, TestPush.token, other, TestPush.token, other, other] {
        statuses.append(try await client.push(TestPush(bench.authorization, token: token)).status)
      }
      #expect(statuses == [503, 200, 503, 200, 200, 410, 200])
    }
  }

  @Test func hitsATopic() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(
        .init(.answer(.init(.tooManyRequests)), on: .topic("org.example.other")))
      #expect(try await client.push(bench.push).status == 200)
      let push = bench.push.with("apns-topic", "org.example.other")
      #expect(try await client.push(push).status == 429)
      try await bench.simulator.clearFaults()
      #expect(try await client.push(push).status == 200)
    }
  }

  @Test func answersWithoutJSON() async throws {
    try await TestBench.run { bench in
      bench.simulator.inject(.init(.answer(.init(status: 502, body: "<html>Bad gateway</html>"))))
      let answer = try await bench.connect().push(bench.push)
      #expect(answer.status == 502)
      #expect(answer.bodyText == "<html>Bad gateway</html>")
    }
  }

  @Test func keepsSilentOnOneStream() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(.init(.silence(), on: .token(other)))
      bench.simulator.inject(.init(.silence(accepted: false), on: .token(other)))
      let stream = client.send(TestPush(bench.authorization, token: other))
      #expect(try await client.push(bench.push).status == 200)
      #expect(client.view.responses[stream] == nil)
      let received = bench.simulator.received().pushes[1]
      #expect(received.isAccepted && !received.isAnswered)
    }
  }

  @Test func resetsAStream() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(.init(.reset(code: 7), times: 1))
      bench.simulator.inject(.init(.reset(code: 2, accepted: true), times: 1))
      for code in [7, 2] as [UInt32] {
        let lost = await #expect(throws: PushClient.NoAnswer.self) {
          try await client.push(bench.push)
        }
        #expect(lost?.resetCode == code)
      }
      #expect(try await client.push(bench.push).status == 200)
      #expect(bench.simulator.received().pushes.map(\.status) == [200, 0, 200, 200])
    }
  }

  @Test func delaysOnePushOnly() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(.init(.accept, on: .token(other), delay: .milliseconds(50)))
      let late = client.send(TestPush(bench.authorization, token: other))
      let early = client.send(bench.push)
      #expect(try await client.answer(on: late).status == 200)
      #expect(client.view.answered.suffix(2) == [early, late])
    }
  }

  @Test func answersLastFirst() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      try await bench.simulator.change { $0.reversedAnswers = 3 }
      let streams = client.send(Array(repeating: bench.push, count: 4))
      for stream in streams { #expect(try await client.answer(on: stream).status == 200) }
      #expect(
        client.view.answered.suffix(4) == [streams[2], streams[1], streams[0], streams[3]])
    }
  }

  @Test func answersInOrderUnderOneLatencyAndAllUnderJitter() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      try await bench.simulator.change { $0.latency = .milliseconds(2) }
      let steady = client.send(Array(repeating: bench.push, count: 300))
      for stream in steady { #expect(try await client.answer(on: stream).status == 200) }
      #expect(client.view.answered.suffix(300) == steady[...])
      try await bench.simulator.change { $0.jitter = .milliseconds(20) }
      let shaken = client.send(Array(repeating: bench.push, count: 300))
      for stream in shaken { #expect(try await client.answer(on: stream).status == 200) }
    }
  }

  // MARK: Connections

  @Test func goesAwayInTheMiddle() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      try await bench.simulator.change { $0.latency = .milliseconds(20) }
      bench.simulator.inject(.init(.goAway(.init(reason: "Shutdown")), after: 2, times: 1))
      let streams = client.send(Array(repeating: bench.push, count: 5))
      let view = try await client.until { $0.isClosed }
      #expect(
        view.goAways == [
          .init(lastStream: streams[1], code: 0, debug: #"{"reason":"Shutdown"}"#)
        ])
      #expect(streams.map { view.responses[$0]?.status } == [200, 200, nil, nil, nil])
      #expect(bench.simulator.receivedCounts.accepted == 3, "one to authenticate, and two")
      #expect(try await bench.connect().push(bench.push).status == 200)
    }
  }

  @Test func goesAwayTwiceWithoutJSON() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(
        .init(
          .goAway(
            .init(debugText: "too busy", lastStream: .this, code: 11, frames: 2, closes: false)),
          times: 1))
      let stream = client.send(bench.push)
      #expect(try await client.answer(on: stream).status == 200)
      let goAway = ClientView.GoAway(lastStream: stream, code: 11, debug: "too busy")
      try await client.until { $0.goAways == [goAway, goAway] }
      #expect(!client.view.isClosed)
    }
  }

  @Test func goesAwayAtOnceWithStreamZeroAndNoDebugData() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.goAway(.init(lastStream: .zero))
      let view = try await client.until { $0.isClosed }
      #expect(view.goAways == [.init(lastStream: 0, code: 0, debug: "")])
    }
  }

  @Test func closesWithoutGoAway() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(.init(.close(), times: 1))
      let lost = await #expect(throws: PushClient.NoAnswer.self) {
        try await client.push(bench.push)
      }
      #expect(lost?.isClosed == true && lost?.goAways.isEmpty == true)
      let second = try await bench.authenticated()
      bench.simulator.closeConnections()
      #expect(try await second.until { $0.isClosed }.goAways.isEmpty)
    }
  }

  @Test func livesOnHalfDead() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.inject(.init(.halfDead(), times: 1))
      let first = client.send(bench.push)
      client.write(ClientFrame.ping([1, 2, 3, 4, 5, 6, 7, 8]).bytes)
      let second = client.send(bench.push)
      #expect(try await bench.connect().push(bench.push).status == 200)
      let view = client.view
      #expect(view.responses[first] == nil && view.responses[second] == nil)
      #expect(view.pingAcks.isEmpty && !view.isClosed)
      #expect(bench.simulator.receivedCounts.accepted == 3)
    }
  }

  @Test func refusesConnectionsAndTakesThemAgain() async throws {
    try await TestBench.run { bench in
      let before = try await bench.authenticated()
      try await bench.simulator.change { $0.newConnections = .refused }
      await #expect(throws: (any Error).self) { try await bench.connect() }
      #expect(try await before.push(bench.push).status == 200, "open ones live on")
      try await bench.simulator.clearFaults()
      #expect(try await bench.connect().push(bench.push).status == 200)
    }
  }

  @Test func turnsAwayWhoConnects() async throws {
    try await TestBench.run { bench in
      try await bench.simulator.change { $0.newConnections = .closed }
      let closed = try await bench.connect()
      #expect(closed.view.isClosed && !closed.view.isConnected)
      try await bench.simulator.change {
        $0.newConnections = .sentAway(reason: "BadCertificateEnvironment")
      }
      let sentAway = try await bench.connect()
      let view = try await sentAway.until { $0.isClosed }
      #expect(view.limits.isEmpty)
      #expect(
        view.goAways == [
          .init(lastStream: 0, code: 0, debug: #"{"reason":"BadCertificateEnvironment"}"#)
        ])
    }
  }

  @Test func saysWhyItCannotListen() async throws {
    try await TestBench.run { bench in
      var configuration = APNsSimulator.Configuration()
      configuration.port = bench.simulator.port
      let problem = await #expect(throws: SimulatorError.self) {
        try await APNsSimulator.start(configuration, logger: Logger(label: "test"))
      }
      guard case .cannotListen(_, bench.simulator.port, _) = problem else {
        Issue.record("\(String(describing: problem))")
        return
      }
    }
  }
}
