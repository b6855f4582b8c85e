public import Postgres
public import PushCore

/// Puts an archive's events back into a ledger that ends before them: the same positions, ids, times
/// and hashes. The database recomputes the chain and refuses what does not fit it.
public struct Restorer: Sendable {
  /// Commits and events of a transaction at most; one commit may have more events.
  static let commitsPerBatch = 200
  static let eventsPerBatch = 5_000

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// - Parameter progress: Called after every transaction with the ledger's last position.
  /// - Returns: How many events were restored; those that the ledger holds already are left out.
  /// - Throws: ``ArchiveError``; what was restored before stays, and another run goes on after it.
  public func run(
    _ archive: ArchiveReader, into app: AppID, progress: @Sendable (Position) -> Void = { _ in }
  ) async throws(ArchiveError) -> Int64 {
    guard archive.manifest.app == app else { throw .ofAnother(archive.manifest.app, wanted: app) }
    var head = try await head(of: app)
    let first = head.position
    for part in archive.manifest.parts where part.lastPosition > head.position {
      var batch: [PostgresCall] = []
      var events = 0
      try await archive.read(part) { commit, found async throws(ArchiveError) in
        if commit.last <= head.position {
          guard commit.last < head.position || commit.chain == head.chain else {
            throw .otherLedger(app, position: commit.last)
          }
          return
        }
        batch.append(Self.call(commit, found, app))
        events += found.count
        guard batch.count >= Self.commitsPerBatch || events >= Self.eventsPerBatch else { return }
        try await store(&batch, app)
        events = 0
        progress(commit.last)
      }
      try await store(&batch, app)
      head = try await self.head(of: app)
      progress(head.position)
    }
    return head.position - first
  }

  private func head(
    of app: AppID
  ) async throws(ArchiveError) -> (position: Position, chain: [UInt8]) {
    do {
      _ = try await LedgerReader(pool).head(of: app)
      let row = try await pool.query(
        "select position, chain from ledger.heads where app = $1", [app.rawValue])[0]
      return (try row.get(0), try row.get(1, as: PostgresBytes.self).bytes)
    } catch {
      throw ArchiveError(error)
    }
  }

  private func store(_ batch: inout [PostgresCall], _ app: AppID) async throws(ArchiveError) {
    guard !batch.isEmpty else { return }
    let calls = batch
    do {
      try await pool.transaction { connection in _ = try await connection.pipeline(calls) }
    } catch let error as PostgresError where error.sqlState == "LG007" {
      throw .otherLedger(app, position: try await head(of: app).position + 1)
    } catch {
      throw ArchiveError(error)
    }
    batch = []
  }

  private static func call(
    _ commit: StoredCommit, _ events: [StoredEvent], _ app: AppID
  ) -> PostgresCall {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(commit.number)
    values.add(commit.first)
    values.add(PostgresTimestamp(microseconds: commit.recordedAt.microseconds))
    values.add(PostgresBytes(commit.chain))
    values.add(array: events.map(\.id))
    values.add(array: events.map { String(decoding: $0.type, as: UTF8.self) })
    values.add(array: events.map(\.schema))
    values.add(array: events.map { String(decoding: $0.stream, as: UTF8.self) })
    values.add(
      array: events.map { PostgresTimestamp(microseconds: $0.occurredAt.microseconds) })
    values.add(array: events.map { PostgresJSONB($0.data) })
    values.add(array: events.map { $0.content.map { PostgresJSON($0) } })
    values.add(array: events.map { $0.contentSHA256.map { PostgresBytes($0) } })
    return PostgresCall(
      "select ledger.restore_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
      values)
  }
}
