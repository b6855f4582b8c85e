public import Postgres
public import PushCore

/// Puts an archive's events back into its ledger: the same positions, ids, times and hashes. The
/// database recomputes the chain and refuses what does not fit it.
///
///     archive's commits │ up to where messages were detached │ there already │ after the head
///                       │ missing events into their places   │ left as it is │ stored again
///
/// Broken off in any place, it goes on when it is run again. That messages are detached stays said
/// until all are back.
public struct Restorer: Sendable {
  /// Commits and events of a transaction at most; one commit may have more events.
  static let commitsPerBatch = 200
  static let eventsPerBatch = 5_000
  /// For counting what is back and giving up the snapshot.
  private static let endTimeout = Duration.seconds(600)

  public struct Report: Sendable, Equatable {
    /// Events that this run stored; those that the ledger holds already are left out.
    public var events: Int64
    /// Whether detached events are back: the projection was made without them, and shows them once
    /// it is rebuilt.
    public var needsRebuild: Bool
  }

  private let pool: PostgresPool
  private let commitsPerBatch: Int

  public init(_ pool: PostgresPool) { self.init(pool, commitsPerBatch: Self.commitsPerBatch) }

  init(_ pool: PostgresPool, commitsPerBatch: Int) {
    self.pool = pool
    self.commitsPerBatch = commitsPerBatch
  }

  /// - Parameter progress: Called after every transaction with the last position of the archive that
  ///   is in the ledger.
  /// - Throws: ``ArchiveError``; what was restored before stays, and another run goes on after it.
  public func run(
    _ archive: ArchiveReader, into app: AppID, progress: @Sendable (Position) -> Void = { _ in }
  ) async throws(ArchiveError) -> Report {
    guard archive.manifest.app == app else { throw .ofAnother(archive.manifest.app, wanted: app) }
    let head = try await head(of: app)
    let known = archive.manifest.parts.last { $0.lastPosition <= head.position }
    try await known?.require(in: app, pool)
    let detached = try await detached(of: app)
    var report = Report(events: 0, needsRebuild: detached != nil)
    if let detached {
      report.events = try await putBack(archive, into: app, upTo: detached, progress)
    }
    report.events += try await extend(app, with: archive, after: head, progress)
    return report
  }

  /// Stores what was detached in its places.
  private func putBack(
    _ archive: ArchiveReader, into app: AppID, upTo end: LedgerArchive,
    _ progress: @Sendable (Position) -> Void
  ) async throws(ArchiveError) -> Int64 {
    guard archive.manifest.position >= end.position else {
      throw .detached(app, upTo: end.position, folder: end.folder)
    }
    var restored: Int64 = 0
    for part in archive.manifest.parts where part.firstPosition <= end.position {
      var batch = Batch(app: app, function: .restoreDetached)
      try await archive.read(part) { commit, found async throws(ArchiveError) in
        guard commit.last <= end.position else { return }
        batch.add(commit, found)
        guard batch.isFull(commitsPerBatch) else { return }
        restored += try await store(&batch)
        progress(commit.last)
      }
      restored += try await store(&batch)
      progress(min(part.lastPosition, end.position))
    }
    do {
      _ = try await pool.query(
        "select ledger.end_archive($1)", [app.rawValue], timeout: Self.endTimeout)
    } catch {
      throw error.sqlState == "LG030" ? .rebuilding(app) : .read(.database(error))
    }
    return restored
  }

  /// Stores what goes on after the ledger's end.
  private func extend(
    _ app: AppID, with archive: ArchiveReader, after start: Head,
    _ progress: @Sendable (Position) -> Void
  ) async throws(ArchiveError) -> Int64 {
    var head = start
    for part in archive.manifest.parts where part.lastPosition > head.position {
      var batch = Batch(app: app, function: .restoreCommit)
      try await archive.read(part) { commit, found async throws(ArchiveError) in
        if commit.last <= head.position {
          guard commit.last < head.position || commit.chain == head.chain else {
            throw .otherLedger(app, position: commit.last)
          }
          return
        }
        batch.add(commit, found)
        guard batch.isFull(commitsPerBatch) else { return }
        _ = try await store(&batch)
        progress(commit.last)
      }
      _ = try await store(&batch)
      head = try await self.head(of: app)
      progress(head.position)
    }
    return head.position - start.position
  }

  private typealias Head = (position: Position, chain: [UInt8])

  private func head(of app: AppID) async throws(ArchiveError) -> Head {
    do {
      _ = try await LedgerReader(pool).head(of: app)
      let row = try await pool.query(
        "select position, chain from ledger.heads where app = $1", [app.rawValue])[0]
      return (try row.get(0), try row.get(1, as: PostgresBytes.self).bytes)
    } catch {
      throw ArchiveError(error)
    }
  }

  private func detached(of app: AppID) async throws(ArchiveError) -> LedgerArchive? {
    do {
      return try await LedgerReader(pool).archive(of: app)
    } catch {
      throw .read(error)
    }
  }

  /// - Returns: How many events were put back into their places; 0 of those after the head.
  private func store(_ batch: inout Batch) async throws(ArchiveError) -> Int64 {
    let stored = batch
    batch.removeAll()
    guard let first = stored.first else { return 0 }
    do {
      let results = try await pool.transaction { try await $0.pipeline(stored.calls) }
      guard stored.function == .restoreDetached else { return 0 }
      return try results.reduce(0) { try $0 + $1[0].get(0, as: Int64.self) }
    } catch let error as PostgresError where error.sqlState == "LG007" {
      if let position = error.detail.flatMap({ Position($0) }) {
        throw .altered(LedgerFlaw(kind: .archive, app: stored.app, position: position))
      }
      throw .otherLedger(stored.app, position: first)
    } catch {
      throw ArchiveError(error)
    }
  }
}

/// Commits to be stored in one transaction.
private struct Batch: Sendable {
  enum Function: String {
    case restoreCommit = "ledger.restore_commit"
    case restoreDetached = "ledger.restore_detached"
  }

  let app: AppID
  let function: Function
  private(set) var calls: [PostgresCall] = []
  private(set) var first: Position?
  private var events = 0

  init(app: AppID, function: Function) {
    self.app = app
    self.function = function
  }

  func isFull(_ commits: Int) -> Bool {
    calls.count >= commits || events >= Restorer.eventsPerBatch
  }

  mutating func removeAll() { self = Batch(app: app, function: function) }

  mutating func add(_ commit: StoredCommit, _ found: [StoredEvent]) {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(commit.number)
    values.add(commit.first)
    values.add(PostgresTimestamp(microseconds: commit.recordedAt.microseconds))
    values.add(PostgresBytes(commit.chain))
    values.add(array: found.map(\.id))
    values.add(array: found.map { String(decoding: $0.type, as: UTF8.self) })
    values.add(array: found.map(\.schema))
    values.add(array: found.map { String(decoding: $0.stream, as: UTF8.self) })
    values.add(array: found.map { PostgresTimestamp(microseconds: $0.occurredAt.microseconds) })
    values.add(array: found.map { PostgresJSONB($0.data) })
    values.add(array: found.map { $0.content.map { PostgresJSON($0) } })
    values.add(array: found.map { $0.contentSHA256.map { PostgresBytes($0) } })
    calls.append(
      PostgresCall(
        """
        select \(function.rawValue)($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """, values))
    first = first ?? commit.first
    events += found.count
  }
}
