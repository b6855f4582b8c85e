import Ledger
import Postgres
import Projections
import PushCore

extension Bench {
  /// The fold of a ledger to `notifications`, against the same an event at a time.
  func folds(_ site: BenchSite, _ path: String) async throws -> [BenchLine] {
    let batched = try await fold(site, path, AppID(unchecked: "fold"), batch: nil)
    let single = try await fold(site, path, AppID(unchecked: "fold-one-by-one"), batch: 1)
    return [
      BenchLine(
        what: "fold to notifications", value: batched, unit: "deliveries a second",
        goal: .atLeast(25_000),
        yardstick: BenchLine.Yardstick(what: "an event at a time", value: single, ratio: 10))
    ]
  }

  /// - Returns: Deliveries a second.
  private func fold(
    _ site: BenchSite, _ path: String, _ app: AppID, batch: Int?
  ) async throws -> Double {
    try await site.withPool { pool in
      try await Apps(pool).create(app)
      _ = try await Importer(site.postgres, logger: site.logger).run(path, into: app)
      var configuration = Projector.Configuration()
      if let batch { configuration.eventsPerBatch = batch }
      let projector = Projector(
        pool: pool, listener: nil, configuration: configuration, logger: site.logger)
      let watch = Stopwatch()
      try await projector.catchUp(app)
      let seconds = watch.seconds
      let count: Int64 = try await pool.query(
        "select count(*) from notifications_v1.deliveries where app = $1", [app.rawValue])[0].get(0)
      return Double(count) / seconds
    }
  }
}
