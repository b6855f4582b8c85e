import Ledger
import Postgres
import Projections
import PushCore

extension Bench {
  /// A rebuild of `notifications` with its indexes, of a quarter, a half and the whole of a ledger:
  /// what it costs is to grow with the events and no faster.
  func rebuilds(_ site: BenchSite, _ path: String) async throws -> [BenchLine] {
    let whole = AppID(unchecked: "whole")
    return try await site.withPool { pool in
      try await Apps(pool).create(whole)
      let events = try await Importer(site.postgres, logger: site.logger).run(path, into: whole)
        .newEvents
      var lines: [BenchLine] = []
      var first: RebuildRate?
      for (name, parts) in [("quarter", 4), ("half", 2), ("whole", 1)] {
        let app = AppID(unchecked: name)
        if parts > 1 {
          try await copy(Int64(events) / Int64(parts), from: whole, to: app, on: pool)
        }
        let pace = try await rebuild(app, on: pool, site)
        lines.append(pace.line(beside: first))
        first = first ?? pace
      }
      return lines
    }
  }

  /// Appends the first events of a ledger to another, as an import of a shorter file would.
  private func copy(
    _ events: Int64, from app: AppID, to other: AppID, on pool: PostgresPool
  ) async throws {
    try await Apps(pool).create(other)
    let batch: Int64 = 5_000
    for start in stride(from: Int64(0), to: events, by: Int64.Stride(batch)) {
      var values = PostgresParameters()
      values.add(app.rawValue)
      values.add(other.rawValue)
      values.add(start)
      values.add(min(start + batch, events))
      _ = try await pool.query(
        """
        select ledger.append_batch($2, array_agg(e.event_id order by e.position),
          array_agg(e.type order by e.position), array_agg(e.schema order by e.position),
          array_agg(e.stream order by e.position), array_agg(e.occurred_at order by e.position),
          array_agg(e.data order by e.position), array_agg(e.content order by e.position), null,
          null)
        from ledger.events e where e.app = $1 and e.position > $3 and e.position <= $4
        """, values)
    }
  }

  private func rebuild(
    _ app: AppID, on pool: PostgresPool, _ site: BenchSite
  ) async throws -> RebuildRate {
    var configuration = Rebuild.Configuration()
    configuration.apps = [app]
    let rebuild = Rebuild(pool, configuration: configuration)
    let watch = Stopwatch()
    _ = try await rebuild.begin()
    let done = try await rebuild.fold { _ in }
    try await rebuild.index()
    let seconds = watch.seconds
    let deliveries: Int64 = try await pool.query(
      "select count(*) from notifications_v1_next.deliveries")[0].get(0)
    try await rebuild.drop()
    return RebuildRate(events: done.events, deliveries: deliveries, seconds: seconds)
  }
}

private struct RebuildRate {
  var events: Int64
  var deliveries: Int64
  var seconds: Double

  private static let eventsGoal = 40_000.0
  private static let deliveriesGoal = 100_000.0

  private var eventRate: Double { Double(events) / seconds }
  private var deliveryRate: Double { Double(deliveries) / seconds }

  /// Its goal is the nearer one: many small messages make many events, large groups many deliveries.
  func line(beside first: RebuildRate?) -> BenchLine {
    let countsEvents = eventRate / Self.eventsGoal > deliveryRate / Self.deliveriesGoal
    return BenchLine(
      what: "rebuild of \(events.grouped) events, \(deliveries.grouped) deliveries",
      value: countsEvents ? eventRate : deliveryRate,
      unit: countsEvents ? "events a second" : "deliveries a second",
      goal: .atLeast(countsEvents ? Self.eventsGoal : Self.deliveriesGoal),
      yardstick: first.map {
        BenchLine.Yardstick(
          what: "a quarter of them", value: countsEvents ? $0.eventRate : $0.deliveryRate,
          ratio: 0.8)
      })
  }
}
