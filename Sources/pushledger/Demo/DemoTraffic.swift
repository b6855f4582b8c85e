import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import PushCore
import ServiceLifecycle
import Simulators
import Synchronization

/// What the demo remembers to show what became of a message.
final class DemoRecord: Sendable {
  struct Expected: Sendable {
    var person: String
    var acceptedAt: ContinuousClock.Instant
  }

  private struct State {
    var expected: [String: Expected] = [:]
    var messages = 0
    var requests = 0
    var failures = 0
    var pushes = 0
    var latencies = Latencies()
  }

  struct Totals: Sendable {
    var messages: Int
    var requests: Int
    var failures: Int
    var pushes: Int
    var latencies: Latencies
  }

  /// Deliveries that are waited for at most; older ones are forgotten.
  private static let expectedLimit = 50_000

  private let state = Mutex(State())

  func sent(_ request: Chat.Request, app: AppID, status: UInt, at instant: ContinuousClock.Instant)
  {
    state.withLock { state in
      state.requests += 1
      guard status == 202 else {
        state.failures += 1
        return
      }
      guard let message = request.message else { return }
      state.messages += 1
      if state.expected.count > Self.expectedLimit { state.expected = [:] }
      for person in request.recipients {
        let id = DeliveryID.make(
          app: app, message: MessageID(unchecked: message),
          user: UserID(unchecked: Chat.id(person)), device: DeviceID(unchecked: "phone"))
        state.expected[id.uuidString.lowercased()] = Expected(person: person, acceptedAt: instant)
      }
    }
  }

  /// - Returns: Whose phone rang, and how long after the message was accepted; nil where unknown.
  func rang(_ apnsID: String) -> (person: String, after: Duration)? {
    state.withLock { state in
      state.pushes += 1
      guard let expected = state.expected.removeValue(forKey: apnsID) else { return nil }
      let after = ContinuousClock.now - expected.acceptedAt
      state.latencies.add(max(.zero, after))
      return (expected.person, after)
    }
  }

  var totals: Totals {
    state.withLock {
      Totals(
        messages: $0.messages, requests: $0.requests, failures: $0.failures, pushes: $0.pushes,
        latencies: $0.latencies)
    }
  }
}

/// Sends a made-up chat over HTTP, as a chat backend would, until it is told to stop.
struct DemoTraffic: Service {
  static let requestTimeout = TimeAmount.seconds(10)

  let listening: Listening
  let host: String
  let app: AppID
  let key: String
  /// Requests a second.
  let rate: Int
  let record: DemoRecord
  let isQuiet: Bool

  func run() async throws {
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    var failure: (any Error)?
    do {
      // Cancelled between two requests or within one: then the demo is over.
      try await cancelWhenGracefulShutdown {
        guard let port = await listening.wait() else { return }
        try await talk(client, "http://\(host.asURLHost):\(port)")
      }
    } catch {
      if !Task.isShuttingDownGracefully { failure = error }
    }
    try await client.shutdown()
    if let failure { throw failure }
  }

  private func talk(_ client: HTTPClient, _ url: String) async throws {
    for request in Chat.setUp() {
      let status = try await send(request, client, url)
      guard status == 202 else { throw DemoError.refused(path: request.path, status: status) }
    }
    var chat = Chat(run: UUID().uuidString.prefix(8).lowercased())
    let pause = Duration.seconds(1) / max(1, rate)
    var next = ContinuousClock.now
    while !Task.isCancelled {
      let request = chat.next()
      let status = try await send(request, client, url)
      record.sent(request, app: app, status: status, at: .now)
      if let line = request.line, !isQuiet { Output.line("\(line)  [\(status)]") }
      next += pause
      try await Task.sleep(until: next, clock: .continuous)
    }
  }

  private func send(
    _ request: Chat.Request, _ client: HTTPClient, _ url: String
  ) async throws -> UInt {
    var http = HTTPClientRequest(url: url + request.path)
    http.method = .RAW(value: request.method)
    http.headers.add(name: "authorization", value: "Bearer \(key)")
    http.headers.add(name: "content-type", value: "application/json")
    http.body = .bytes(ByteBuffer(bytes: request.body.serialized()))
    let answer = try await client.execute(http, timeout: Self.requestTimeout)
    _ = try await answer.body.collect(upTo: 1 << 20)
    return answer.status.code
  }
}

enum DemoError: Error, CustomStringConvertible {
  case refused(path: String, status: UInt)
  case doesNotAddUp

  var description: String {
    switch self {
    case .refused(let path, let status): "The API answered \(status) to \(path)."
    case .doesNotAddUp: "What the demo counted does not add up; see the summary."
    }
  }
}

/// Shows each push that the simulator gets.
struct DemoPhones: Service {
  let simulator: APNsSimulator
  let record: DemoRecord
  let isQuiet: Bool

  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await push in simulator.receivedStream() {
        guard let rang = record.rang(push.apnsID), !isQuiet else { continue }
        let milliseconds = (rang.after.seconds * 10_000).rounded() / 10
        let badge = push.badge.map { ", badge \($0)" } ?? ""
        Output.line("    \(rang.person)'s phone rings\(badge)  (\(milliseconds) ms)")
      }
    }
  }
}
