import Postgres
import PushCore

extension DispatchDatabase {
  /// Circuits, and refused credentials, shown at most; one more would tell nobody anything new.
  static let reportedCircuits = 1_000
  static let reportedRefusals = 1_000

  /// Shows others what is in this process' memory.
  ///
  /// - Parameter validity: Another report replaces it before, or it counts as gone.
  func report(_ report: DispatcherReport, validFor validity: Duration) async throws {
    let circuits = report.circuits.prefix(Self.reportedCircuits)
    var values = PostgresParameters()
    values.add(dispatcher)
    values.add(Double(validity.wholeMicroseconds) / 1_000_000)
    values.add(array: report.inFlight.map(\.app.rawValue))
    values.add(array: report.inFlight.map(\.provider.rawValue))
    values.add(array: report.inFlight.map { Int32(clamping: $0.pushes) })
    values.add(array: circuits.map(\.provider.rawValue))
    values.add(array: circuits.map { $0.app?.rawValue })
    values.add(array: circuits.map(\.credentialID))
    values.add(array: circuits.map(\.host))
    values.add(array: circuits.map(\.state.name))
    values.add(array: circuits.map { Int32(clamping: $0.state.failures) })
    values.add(
      array: circuits.map {
        $0.state.retryAt.map { PostgresTimestamp(microseconds: $0.microseconds) }
      })
    values.add(array: circuits.map(\.reason))
    let refused = report.refused.prefix(Self.reportedRefusals)
    values.add(array: refused.map(\.app.rawValue))
    values.add(array: refused.map(\.provider.rawValue))
    values.add(array: refused.map(\.credentialID))
    values.add(array: refused.map(\.error.description))
    _ = try await pool.query(
      """
      select dispatch.report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17)
      """, values)
  }
}

extension DispatcherStatus.CircuitStatus.State {
  fileprivate var name: String {
    switch self {
    case .closed: "closed"
    case .open: "open"
    case .probing: "probing"
    }
  }

  fileprivate var failures: Int {
    if case .closed(let failures) = self { failures } else { 0 }
  }

  fileprivate var retryAt: Timestamp? {
    if case .open(let until) = self { until } else { nil }
  }
}
