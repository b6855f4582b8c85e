public import Postgres
public import PushCore

/// Recomputes a ledger's digests and chain from what is stored, as it is stored.
///
///     snapshot ─► commits, 500 at a time ─► the events of each ─► ChainCheck ─► head
///
/// It reads one snapshot, so appends that go on meanwhile do not disturb it, and holds a page of
/// events at a time. What is detached is not there to be recomputed: ``ChainCheck`` says what is
/// held to then, and an archive makes it whole.
public struct Verifier: Sendable {
  static let commitsPerPage = 500
  static let eventsPerPage = 5_000

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// - Parameter progress: Called with every page, with the position up to which all fits so far,
  ///   and the head.
  /// - Returns: The report, whose `flaw` is the first position that does not fit.
  /// - Throws: ``LedgerReadError`` where the ledger could not be read.
  public func verify(
    _ app: AppID,
    progress: @escaping @Sendable (_ position: Position, _ head: Position) -> Void = {
      _, _ in
    }
  ) async throws(LedgerReadError) -> VerificationReport {
    do {
      return try await run(app, nil, progress)
    } catch let error as LedgerReadError {
      throw error
    } catch let error as PostgresError {
      throw .database(error)
    } catch {
      throw .database(PostgresError(.misuse, message: "An unexpected error: \(type(of: error))."))
    }
  }

  /// Holds the ledger against its archive, too, whose files are checked whole: up to its end every
  /// event that is there must be the archived one, every commit too, and nothing may be missing but
  /// what may be detached.
  ///
  /// - Throws: ``ArchiveError`` where the archive is not sound, or either could not be read.
  public func verify(
    _ app: AppID, archive: ArchiveReader,
    progress: @escaping @Sendable (_ position: Position, _ head: Position) -> Void = {
      _, _ in
    }
  ) async throws(ArchiveError) -> VerificationReport {
    guard archive.manifest.app == app else { throw .ofAnother(archive.manifest.app, wanted: app) }
    do {
      return try await run(app, archive, progress)
    } catch {
      throw ArchiveError(error)
    }
  }

  private func run(
    _ app: AppID, _ archive: ArchiveReader?,
    _ progress: @escaping @Sendable (Position, Position) -> Void
  ) async throws -> VerificationReport {
    try await pool.withConnection { connection in
      try await connection.transaction { connection in
        try await connection.execute("set transaction isolation level repeatable read, read only")
        var walk = try await LedgerWalk(app, connection, progress)
        let flaw = try await walk.run(archive)
        return VerificationReport(
          app: app, events: walk.check.events, commits: walk.check.commits,
          erased: walk.check.erased, detached: walk.check.detached,
          archivedUpTo: walk.detachedTo?.position, chain: Hex.encode(walk.check.chain),
          flaw: flaw)
      }
    }
  }
}
