import Foundation
import Ledger
import Postgres
import Projections

/// The server's own values at this moment.
struct ServerMetrics: Sendable {
  let appender: Appender
  let pool: PostgresPool
  let watch: CheckpointWatch
  let gate: FeedGate
  let hub: StreamHub

  func families() async -> [MetricFamily] {
    let append = appender.status
    let usage = pool.usage
    let waiting = await watch.waiting
    return [
      MetricFamily(
        "pushledger_appended_events_total", .counter, help: "Events answered with a position.",
        value: Double(append.events)),
      MetricFamily(
        "pushledger_append_commits_total", .counter, help: "Commits that carried them.",
        value: Double(append.commits)),
      MetricFamily(
        "pushledger_append_waiting_events", .gauge, help: "Events waiting to be stored.",
        value: Double(append.waitingEvents)),
      MetricFamily(
        "pushledger_append_waiting_bytes", .gauge, help: "Their size.",
        value: Double(append.waitingBytes)),
      MetricFamily(
        "pushledger_append_connected", .gauge, help: "1 while the appending connection is up.",
        value: append.isConnected ? 1 : 0),
      MetricFamily(
        "pushledger_database_connections", .gauge, help: "Connections of the reading pool.",
        samples: [
          .init(Double(usage.connections - usage.resting), labels: [("state", "busy")]),
          .init(Double(usage.resting), labels: [("state", "resting")]),
        ]),
      MetricFamily(
        "pushledger_database_waiting", .gauge, help: "Reads waiting for a connection.",
        value: Double(usage.waiting)),
      MetricFamily(
        "pushledger_projection_waiting", .gauge,
        help: "Reads waiting for the projection to reach a position.", value: Double(waiting)),
      MetricFamily(
        "pushledger_feeds", .gauge, help: "Feeds that follow a ledger.", value: Double(gate.open)),
      MetricFamily(
        "pushledger_streams", .gauge, help: "Streams of notifications.",
        value: Double(hub.open)),
    ] + Self.process()
  }

  /// Resident memory, from the second number of `/proc/self/statm`, in pages.
  private static func process() -> [MetricFamily] {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { return [] }
    return [
      MetricFamily(
        "process_resident_memory_bytes", .gauge, help: "Memory held by the process.",
        value: pages * Double(sysconf(Int32(_SC_PAGESIZE))))
    ]
  }
}
