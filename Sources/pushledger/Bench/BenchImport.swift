import Ledger
import Postgres
import PushCore
import Synchronization

extension Bench {
  /// An import into an empty ledger, against binary COPY of the same rows into the same table of
  /// another database.
  func imports(
    _ site: BenchSite, _ admin: PostgresConfiguration, _ path: String
  ) async throws -> [BenchLine] {
    let app = AppID(unchecked: "import")
    try await site.withPool { try await Apps($0).create(app) }
    let watch = Stopwatch()
    let done = try await Importer(site.postgres, logger: site.logger).run(path, into: app)
    let rate = Double(done.newEvents) / watch.seconds
    let rows = Mutex<[[UInt8]]>([])
    let reading = try await PostgresConnection.connect(site.postgres, logger: site.logger)
    try await reading.copyOut(
      """
      copy (select * from ledger.events where app = 'import' order by position) to stdout \
      (format binary)
      """
    ) { chunk in rows.withLock { $0.append(chunk) } }
    await reading.close()
    let chunks = rows.withLock { $0 }
    let copied = try await BenchSite.run(site.settings, admin, site.logger) { other in
      let connection = try await PostgresConnection.connect(other.postgres, logger: other.logger)
      let (stream, feed) = AsyncThrowingStream.makeStream(of: [UInt8].self)
      for chunk in chunks { feed.yield(chunk) }
      feed.finish()
      let watch = Stopwatch()
      let count = try await connection.copyIn(
        "copy ledger.events from stdin (format binary)", from: stream)
      let seconds = watch.seconds
      await connection.close()
      return Double(count) / seconds
    }
    return [
      BenchLine(
        what: "import into an empty ledger", value: rate, unit: "events a second",
        goal: .atLeast(50_000),
        yardstick: BenchLine.Yardstick(what: "binary COPY", value: copied, ratio: 0.5))
    ]
  }
}
