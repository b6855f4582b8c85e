import HTTPTypes
import Hummingbird
import Ledger
import Postgres
import Projections
import PushCore

/// Health, metrics, status: for those who run PushLedger.
struct OperationRoutes: Sendable {
  let reading: Reading
  let pool: PostgresPool
  let gate: FeedGate
  let server: ServerMetrics
  let status: APIDependencies.Status
  let otherMetrics: APIDependencies.Metrics

  /// Counts the very routes that these are among.
  let http: Late<HTTPMetrics>

  var routes: [Route] { [statusRoute, live, ready, metrics] }

  private var statusRoute: Route {
    Route(
      .get, "/v1/status", .read,
      Operation(
        id: "getStatus", summary: "See how far the app's ledger, projection and dispatch are",
        answer: .init(schema: "Status"))
    ) { call in
      let reports = try await reading.projection.projections(of: call.app)
      let projections = reports.map { report in
        JSON.object(present: [
          ("projection", .string(report.name)), ("serves", .bool(report.serves)),
          ("position", .integer(report.position)), ("lag_events", .integer(report.lagEvents)),
          ("lag_seconds", .number(String(report.lagSeconds))),
          ("state", .string(report.condition.rawValue)),
          ("failed_position", report.failedPosition.map { .integer($0) }),
          ("failure", report.failure.map { .string($0) }),
        ])
      }
      return .json(
        .object(
          [
            .init("app", JSON(call.app)), .init("head", .integer(reports.first?.head ?? 0)),
            .init("projections", .array(projections)),
          ] + (try await status(call.app))))
    }
  }

  private var live: Route {
    .open(
      "/health/live",
      Operation(
        id: "getLiveness", summary: "Answers as long as the process does",
        answer: .init(schema: "Health"))
    ) { .json(["status": "live"]) }
  }

  private var ready: Route {
    .open(
      "/health/ready",
      Operation(
        id: "getReadiness", summary: "Answers 200 while requests can be served",
        answer: .init(schema: "Health"), problems: [.notReady])
    ) {
      guard !gate.isStopping else {
        throw Problem(.notReady, "The server is stopping.")
      }
      do {
        _ = try await within(APILimits.readinessWait) { try await pool.query("select 1") }
      } catch {
        throw Problem(.notReady, "The database does not answer.")
      }
      return .json(["status": "ready"])
    }
  }

  private var metrics: Route {
    .open(
      "/metrics",
      Operation(
        id: "getMetrics", summary: "Counters and gauges for Prometheus",
        answer: .init(type: "text/plain; version=0.0.4"))
    ) {
      // What hangs elsewhere must not hide what this server knows.
      let others = try? await within(APILimits.metricsWait) { await otherMetrics() }
      let families = (http.value?.families() ?? []) + (await server.families()) + (others ?? [])
      return .bytes(
        Array(MetricFamily.text(families).utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }
  }
}
