import HTTPTypes
import Synchronization

/// Counts requests by route and status, and their durations, in memory.
final class HTTPMetrics: Sendable {
  /// Upper bounds of the duration's buckets, in seconds.
  static let buckets = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  static let unknownRoute = "unknown"
  /// Under which all pages are counted.
  static let pagesRoute = "pages"

  private struct RouteCounts {
    var statuses: [Int: UInt64] = [:]
    var buckets = [UInt64](repeating: 0, count: HTTPMetrics.buckets.count)
    var seconds = 0.0
    var count: UInt64 = 0
  }

  private final class Counts: Sendable {
    let state = Mutex(RouteCounts())
  }

  private let routes: [(method: String, path: String)]
  /// One a route, one for pages, and the last for requests that found none.
  private let counts: [Counts]
  private let problems = Mutex([UInt64](repeating: 0, count: ProblemCode.allCases.count))
  private let inFlight = Atomic(0)

  init(routes: [Route]) {
    self.routes =
      routes.map { ($0.method.rawValue, $0.path) } + [
        (Self.pagesRoute, Self.pagesRoute), (Self.unknownRoute, Self.unknownRoute),
      ]
    counts = self.routes.map { _ in Counts() }
  }

  /// The place of pages among the routes.
  var pages: Int { counts.count - 2 }

  func requestBegan() { inFlight.add(1, ordering: .relaxed) }

  /// - Parameter route: Its index; nil where none was found.
  func requestEnded(route: Int?, status: Int, seconds duration: Duration) {
    inFlight.subtract(1, ordering: .relaxed)
    let (whole, rest) = duration.components
    let seconds = Double(whole) + Double(rest) / 1e18
    counts[route ?? counts.count - 1].state.withLock { state in
      state.statuses[status, default: 0] += 1
      state.count += 1
      state.seconds += seconds
      if let index = Self.buckets.firstIndex(where: { seconds <= $0 }) {
        state.buckets[index] += 1
      }
    }
  }

  func problem(_ code: ProblemCode) {
    guard let index = Self.indices[code] else { return }
    problems.withLock { $0[index] += 1 }
  }

  private static let indices = Dictionary(
    uniqueKeysWithValues: ProblemCode.allCases.enumerated().map { ($1, $0) })

  // MARK: Telling

  func families() -> [MetricFamily] {
    [requests(), durations(), problemCounts(), requestsInFlight()]
  }

  private func requests() -> MetricFamily {
    var samples: [MetricFamily.Sample] = []
    for (route, counts) in zip(routes, counts) {
      for (status, count) in counts.state.withLock({ $0.statuses }).sorted(by: { $0.key < $1.key })
      {
        samples.append(
          .init(
            Double(count),
            labels: [("method", route.method), ("route", route.path), ("status", "\(status)")]))
      }
    }
    return MetricFamily(
      "pushledger_http_requests_total", .counter, help: "Requests answered.", samples: samples)
  }

  private func durations() -> MetricFamily {
    var samples: [MetricFamily.Sample] = []
    for (route, counts) in zip(routes, counts) {
      let state = counts.state.withLock { $0 }
      if state.count == 0 { continue }
      let labels = [(name: "method", value: route.method), (name: "route", value: route.path)]
      var sum: UInt64 = 0
      for (bound, count) in zip(Self.buckets, state.buckets) {
        sum += count
        samples.append(.init(Double(sum), labels: labels + [("le", "\(bound)")], suffix: "_bucket"))
      }
      samples.append(
        .init(Double(state.count), labels: labels + [("le", "+Inf")], suffix: "_bucket"))
      samples.append(.init(state.seconds, labels: labels, suffix: "_sum"))
      samples.append(.init(Double(state.count), labels: labels, suffix: "_count"))
    }
    return MetricFamily(
      "pushledger_http_request_duration_seconds", .histogram,
      help: "From a request's head to the answer's; a feed counts until its first line.",
      samples: samples)
  }

  private func problemCounts() -> MetricFamily {
    let counts = problems.withLock { $0 }
    let samples = zip(ProblemCode.allCases, counts).filter { $0.1 > 0 }.map { code, count in
      MetricFamily.Sample(Double(count), labels: [("code", code.rawValue)])
    }
    return MetricFamily(
      "pushledger_http_problems_total", .counter, help: "Requests refused, by code.",
      samples: samples)
  }

  private func requestsInFlight() -> MetricFamily {
    MetricFamily(
      "pushledger_http_requests_in_flight", .gauge, help: "Requests being answered.",
      value: Double(inFlight.load(ordering: .relaxed)))
  }
}
