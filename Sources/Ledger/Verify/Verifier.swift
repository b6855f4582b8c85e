public import Postgres
public import PushCore

/// Recomputes a ledger's digests and chain from what is stored, as it is stored.
///
///     snapshot ─► commits, 500 at a time ─► the events of each ─► ChainCheck ─► head
///
/// It reads one snapshot, so appends that go on meanwhile do not disturb it, and holds a page of
/// events at a time.
public struct Verifier: Sendable {
  static let commitsPerPage = 500
  static let eventsPerPage = 5_000

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// - Parameter progress: Called after every page with the events that fit so far and the head.
  /// - Returns: The report, whose `flaw` is the first position that does not fit.
  /// - Throws: ``LedgerReadError`` where the ledger could not be read.
  public func verify(
    _ app: AppID,
    progress: @escaping @Sendable (_ events: Int64, _ head: Position) -> Void = {
      _, _ in
    }
  ) async throws(LedgerReadError) -> VerificationReport {
    do {
      return try await pool.withConnection { connection in
        try await connection.transaction { connection in
          try await connection.execute("set transaction isolation level repeatable read, read only")
          var walk = try await LedgerWalk(app, connection)
          let flaw = try await walk.run(progress)
          return VerificationReport(
            app: app, events: walk.check.events, commits: walk.check.commits,
            erased: walk.check.erased, chain: Hex.encode(walk.check.chain), flaw: flaw)
        }
      }
    } catch let error as LedgerReadError {
      throw error
    } catch let error as PostgresError {
      throw .database(error)
    } catch {
      throw .database(PostgresError(.misuse, message: "An unexpected error: \(type(of: error))."))
    }
  }
}

/// One pass over one ledger.
private struct LedgerWalk {
  private let connection: PostgresConnection
  private let head: (position: Position, commits: Int64, chain: [UInt8])
  private var page: ArraySlice<StoredEvent> = []
  /// Before all that could be there: an event below position 1 would be a flaw.
  private var readUpTo = Position.min
  var check: ChainCheck

  init(_ app: AppID, _ connection: PostgresConnection) async throws {
    self.connection = connection
    check = ChainCheck(app: app)
    let result = try await connection.query(
      "select position, commit_number, chain from ledger.heads where app = $1", [app.rawValue])
    guard let row = result.first else { throw LedgerReadError.unknownApp(app) }
    head = (try row.get(0), try row.get(1), try row.get(2, as: PostgresBytes.self).bytes)
  }

  mutating func run(
    _ progress: @Sendable (Int64, Position) -> Void
  ) async throws -> LedgerFlaw? {
    while true {
      let commits = try await nextCommits()
      for commit in commits {
        let events = try await takeEvents(upTo: commit.last)
        if let flaw = check.check(commit, events: events) { return flaw }
      }
      progress(check.events, head.position)
      if commits.isEmpty { break }
    }
    if try await !takeEvents(upTo: .max).isEmpty {
      return check.flaw(.gap, at: check.position + 1)
    }
    return check.checkHead(position: head.position, commits: head.commits, chain: head.chain)
  }

  private func nextCommits() async throws -> [StoredCommit] {
    let result = try await connection.query(
      """
      select \(StoredCommit.columns) from ledger.commits
      where app = $1 and commit_number > $2 order by app, commit_number limit $3
      """, [check.app.rawValue, check.commits, Verifier.commitsPerPage])
    return try result.map { try StoredCommit($0) }
  }

  /// The events up to a position that were not taken before. A commit holds few enough to keep.
  private mutating func takeEvents(upTo last: Position) async throws -> [StoredEvent] {
    var taken: [StoredEvent] = []
    while true {
      let count = page.prefix { $0.position <= last }.count
      taken += page.prefix(count)
      page = page.dropFirst(count)
      if !page.isEmpty || taken.count > Verifier.eventsPerPage * 2 { return taken }
      let result = try await connection.query(
        """
        select \(StoredEvent.columns) from ledger.events
        where app = $1 and position > $2 order by app, position limit $3
        """, [check.app.rawValue, readUpTo, Verifier.eventsPerPage])
      guard let end = result.last else { return taken }
      page = try result.map { try StoredEvent($0) }[...]
      readUpTo = try end.get(0)
    }
  }
}
