import Postgres
import PushCore

/// One pass over one ledger, in a transaction that sees one moment.
struct LedgerWalk {
  private let connection: PostgresConnection
  private let progress: @Sendable (Position, Position) -> Void
  private let head: (position: Position, commits: Int64, chain: [UInt8])
  /// Up to where events may be missing.
  let detachedTo: LedgerArchive?
  private var commits: ArraySlice<StoredCommit> = []
  private var page: ArraySlice<StoredEvent> = []
  /// Before all that could be there: an event below position 1 would be a flaw.
  private var readUpTo = Position.min
  private var isAtEnd = false
  private(set) var check: ChainCheck

  init(
    _ app: AppID, _ connection: PostgresConnection,
    _ progress: @escaping @Sendable (Position, Position) -> Void
  ) async throws {
    self.connection = connection
    self.progress = progress
    let result = try await connection.query(
      "select position, commit_number, chain from ledger.heads where app = $1", [app.rawValue])
    guard let row = result.first else { throw LedgerReadError.unknownApp(app) }
    head = (try row.get(0), try row.get(1), try row.get(2, as: PostgresBytes.self).bytes)
    let call = LedgerArchive.call(of: app)
    detachedTo = try LedgerArchive(try await connection.query(call.sql, call.parameters))
    check = ChainCheck(app: app, archive: detachedTo)
  }

  mutating func run(_ archive: ArchiveReader?) async throws -> LedgerFlaw? {
    if let archive, let flaw = try await compare(with: archive) { return flaw }
    while let (commit, events) = try await next() {
      if let flaw = check.check(commit, events: events) { return flaw }
    }
    if try await !takeEvents(upTo: .max).isEmpty {
      return check.flaw(.gap, at: check.position + 1)
    }
    return check.checkHead(position: head.position, commits: head.commits, chain: head.chain)
  }

  /// Goes along the archive, commit by commit. It is read whole in any case: its files are checked.
  private mutating func compare(with archive: ArchiveReader) async throws -> LedgerFlaw? {
    var flaw: LedgerFlaw?
    for part in archive.manifest.parts {
      try await archive.read(part) { archived, events async throws(ArchiveError) in
        guard flaw == nil else { return }
        do {
          flaw = try await step(with: archived, events)
        } catch {
          throw ArchiveError(error)
        }
      }
    }
    return flaw
  }

  private mutating func step(
    with archived: StoredCommit, _ archivedEvents: [StoredEvent]
  ) async throws -> LedgerFlaw? {
    guard let (commit, events) = try await next() else {
      return check.flaw(.gap, at: check.position + 1)
    }
    if let flaw = check.check(commit, events: events) { return flaw }
    guard commit == archived else { return check.flaw(.archive, at: commit.first) }
    var kept = events[...]
    for event in archivedEvents {
      if kept.first?.position == event.position {
        guard kept.popFirst()?.digest == event.digest else {
          return check.flaw(.archive, at: event.position)
        }
      } else if !event.isDetachable {
        return check.flaw(.gap, at: event.position)
      }
    }
    return nil
  }

  /// The next commit with those of its events that are there; nil at the ledger's end.
  private mutating func next() async throws -> (StoredCommit, [StoredEvent])? {
    if commits.isEmpty {
      progress(check.position, head.position)
      commits = try await nextCommits()[...]
    }
    guard let commit = commits.popFirst() else { return nil }
    return (commit, try await takeEvents(upTo: commit.last))
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
      if isAtEnd || !page.isEmpty || taken.count > Verifier.eventsPerPage * 2 { return taken }
      let result = try await connection.query(
        """
        select \(StoredEvent.columns) from ledger.events
        where app = $1 and position > $2 order by app, position limit $3
        """, [check.app.rawValue, readUpTo, Verifier.eventsPerPage])
      guard let end = result.last else {
        isAtEnd = true
        return taken
      }
      page = try result.map { try StoredEvent($0) }[...]
      readUpTo = try end.get(0)
    }
  }
}
