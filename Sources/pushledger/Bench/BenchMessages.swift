import Ledger
import PushCore

extension Bench {
  /// Durable messages over HTTP, against the same endpoint with a transaction for each.
  func messages(_ site: BenchSite) async throws -> [BenchLine] {
    let app = AppID(unchecked: "messages")
    let key = try await site.withPool { pool in
      try await Apps(pool).create(app)
      return try await APIKeys(pool).create(for: app, scopes: [.send], label: "bench").text
    }
    let grouped = try await load(site, key, nil)
    var single = AppendLimits()
    single.eventsPerCommit = 1
    let alone = try await load(site, key, single)
    guard grouped.failures == 0, alone.failures == 0 else {
      throw BenchError.refused(grouped.failures + alone.failures)
    }
    return [
      BenchLine(
        what: "durable POST /v1/messages, \(Self.connections) connections", value: grouped.rate,
        unit: "a second", goal: .atLeast(20_000),
        yardstick: BenchLine.Yardstick(
          what: "one transaction a request", value: alone.rate, ratio: 3)),
      BenchLine(
        what: "  its p99", value: grouped.p99, unit: "ms", goal: .below(10), yardstick: nil),
    ]
  }

  private struct Load: Sendable {
    var rate: Double
    var p99: Double
    var failures: Int
  }

  private func load(
    _ site: BenchSite, _ key: String, _ limits: AppendLimits?
  ) async throws -> Load {
    let listening = Listening()
    let duration = Duration.seconds(seconds)
    let run = limits == nil ? "g" : "s"
    return try await site.withRoles {
      try $0.addAPI(limits) { listening.set($0) }
    } _: {
      guard let port = await listening.wait() else { throw CancellationError() }
      let client = LoadClient(port: port, path: "/v1/messages", key: key)
      let body: @Sendable (Int) -> String = { number in
        #"{"id":"\#(run)\#(number)","from":"ann","to":{"user":"bob"},"#
          + #""text":"a line of about the length that people write in a chat"}"#
      }
      // Warms the connections and the plans.
      _ = try await client.run(connections: Self.connections, for: .seconds(1)) {
        body(-$0)
      }
      let (outcome, seconds) = try await client.run(
        connections: Self.connections, for: duration, body: body)
      return Load(
        rate: Double(outcome.latencies.count) / seconds, p99: outcome.latencies.percentile(0.99),
        failures: outcome.failures)
    }
  }
}
