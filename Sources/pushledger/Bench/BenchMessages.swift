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
    let grouped = try await load(site, key, as: "g")
    var single = AppendLimits()
    single.eventsPerCommit = 1
    let alone = try await load(site, key, as: "s", single)
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

  struct Load: Sendable {
    var rate: Double
    var p99: Double
    var failures: Int
    /// Requests answered, those that warmed the server up too.
    var requests: Int
  }

  /// - Parameter run: Makes the ids of this run's messages its own.
  func load(
    _ site: BenchSite, _ key: String, as run: String, _ limits: AppendLimits? = nil
  ) async throws -> Load {
    try await load(site, limits) {
      LoadClient(port: $0, path: "/v1/messages", key: key)
    } body: {
      #"{"id":"\#(run)\#($0)","from":"ann","to":{"user":"bob"},"#
        + #""text":"a line of about the length that people write in a chat"}"#
    }
  }

  func load(
    _ site: BenchSite, _ limits: AppendLimits? = nil,
    _ client: @escaping @Sendable (_ port: Int) -> LoadClient,
    body: @escaping @Sendable (Int) -> String
  ) async throws -> Load {
    let listening = Listening()
    let duration = Duration.seconds(seconds)
    return try await site.withRoles {
      try $0.addAPI(limits) { listening.set($0) }
    } _: {
      guard let port = await listening.wait() else { throw CancellationError() }
      let client = client(port)
      // Warms the connections and the plans.
      let (warm, _) = try await client.run(connections: Self.connections, for: .seconds(1)) {
        body(-$0)
      }
      let (outcome, seconds) = try await client.run(
        connections: Self.connections, for: duration, body: body)
      return Load(
        rate: Double(outcome.latencies.count) / seconds, p99: outcome.latencies.percentile(0.99),
        failures: outcome.failures + warm.failures,
        requests: outcome.latencies.count + warm.latencies.count)
    }
  }
}
