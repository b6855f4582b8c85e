import AsyncHTTPClient
import API
import Foundation
import Ledger
import NIOCore
import NIOHTTP1
import PushCore
import Simulators

extension Bench {
  private static let messagesPerSecond = 500
  private static let users = 200

  /// From the answer to a message to its arrival at the simulator, with all roles in one process.
  func latencies(_ site: BenchSite) async throws -> [BenchLine] {
    let identity = DemoIdentity()
    let simulator = try await Self.simulator(identity, site)
    let app = AppID(unchecked: "latency")
    let key = try await site.withPool { pool in
      try await Apps(pool).create(app)
      try await Self.addCredential(identity, simulator, to: app, pool, site.masterKeys)
      return try await APIKeys(pool).create(
        for: app, scopes: [.send, .device], label: "bench"
      ).text
    }
    let listening = Listening()
    let count = Self.messagesPerSecond * seconds
    let accepted = try await site.withRoles { roles in
      try roles.addProjector()
      try roles.addDispatcher(site.masterKeys)
      try roles.addAPI { listening.set($0) }
    } _: {
      guard let port = await listening.wait() else { throw CancellationError() }
      let traffic = PacedTraffic(app: app, key: key, port: port, users: Self.users)
      try await traffic.register()
      let accepted = try await traffic.send(count, perSecond: Self.messagesPerSecond)
      try await Self.wait(for: count, at: simulator)
      return accepted
    }
    let latencies = Self.latencies(accepted, simulator)
    await simulator.stop()
    return [
      BenchLine(
        what: "message accepted to simulator, \(Self.messagesPerSecond) a second, p50",
        value: latencies.percentile(0.5), unit: "ms", goal: .below(10), yardstick: nil),
      BenchLine(
        what: "  its p99", value: latencies.percentile(0.99), unit: "ms", goal: .below(50),
        yardstick: nil),
    ]
  }

  private static func wait(for count: Int, at simulator: APNsSimulator) async throws {
    let patience = Stopwatch()
    while simulator.receivedCounts.accepted < count {
      guard patience.seconds < 30 else {
        throw BenchError.lost(due: count, received: simulator.receivedCounts.accepted)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private static func latencies(
    _ accepted: [String: Timestamp], _ simulator: APNsSimulator
  ) -> Latencies {
    var latencies = Latencies()
    var after = 0
    while true {
      let page = simulator.received(after: after)
      if page.pushes.isEmpty { return latencies }
      after = page.next
      for push in page.pushes {
        guard let acceptedAt = accepted[push.apnsID] else { continue }
        latencies.add(max(.zero, push.receivedAt - acceptedAt))
      }
    }
  }
}

/// Messages over HTTP at a steady pace, whether or not those before are answered.
private struct PacedTraffic: Sendable {
  let app: AppID
  let key: String
  let port: Int
  let users: Int

  func register() async throws {
    for user in 0..<users {
      let body: JSON = [
        "platform": "ios", "provider": "apns", "topic": .string(BenchHistory.topic),
        "token": .string(BenchHistory.token(user)),
      ]
      let status = try await send(.PUT, "/v1/users/u\(user)/devices/phone", body)
      guard status == 202 else { throw BenchError.refused(1) }
    }
  }

  /// - Returns: When each delivery's message was accepted, by the delivery's id.
  func send(_ count: Int, perSecond: Int) async throws -> [String: Timestamp] {
    let start = ContinuousClock.now
    return try await withThrowingTaskGroup(of: (String, Timestamp).self) { group in
      for number in 0..<count {
        try await Task.sleep(
          until: start + .seconds(1) * number / perSecond, tolerance: .microseconds(100),
          clock: .continuous)
        group.addTask {
          let (message, user) = ("l\(number)", "u\(number % users)")
          let status = try await send(
            .POST, "/v1/messages",
            ["id": .string(message), "from": "ann", "to": ["user": .string(user)], "text": "hello"])
          let now = Timestamp.systemClock()
          guard status == 202 else { throw BenchError.refused(1) }
          let id = DeliveryID.make(
            app: app, message: MessageID(unchecked: message), user: UserID(unchecked: user),
            device: DeviceID(unchecked: "phone"))
          return (id.uuidString.lowercased(), now)
        }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  private func send(_ method: HTTPMethod, _ path: String, _ body: JSON) async throws -> UInt {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
    request.method = method
    request.headers.add(name: "authorization", value: "Bearer \(key)")
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: body.serialized()))
    let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
    _ = try await answer.body.collect(upTo: 1 << 20)
    return answer.status.code
  }
}
