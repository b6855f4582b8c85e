import Foundation
public import Postgres
public import PushCore

/// Writes an app's ledger up to a moment into files that verify by themselves, after what the folder
/// holds already. The ledger stays as it is.
///
///     commits and events ─► files .part ─► read back and checked ─► manifest
///
/// What a run that was broken off wrote is not in the manifest, and is written anew.
public struct Archiver: Sendable {
  /// Events of a part at most, but for its last commit.
  static let eventsPerPart: Int64 = 1_000_000
  static let commitsPerPage = 200

  private let pool: PostgresPool
  let eventsPerPart: Int64

  public init(_ pool: PostgresPool) { self.init(pool, eventsPerPart: Self.eventsPerPart) }

  init(_ pool: PostgresPool, eventsPerPart: Int64) {
    self.pool = pool
    self.eventsPerPart = eventsPerPart
  }

  /// - Parameters:
  ///   - moment: What was recorded before it goes into the archive.
  ///   - progress: Called with the position that was written last.
  /// - Returns: The whole archive, and how many parts are new.
  /// - Throws: ``ArchiveError``; what is in the manifest stays. A ledger that messages were detached
  ///   from goes on in the archive that has them, and in no new one.
  public func run(
    _ app: AppID, before moment: Timestamp, to folder: String,
    progress: @Sendable (Position) -> Void = { _ in }
  ) async throws(ArchiveError) -> (manifest: ArchiveManifest, newParts: Int) {
    var manifest = try ArchiveManifest(folder: folder) ?? ArchiveManifest(app: app)
    guard manifest.app == app else { throw .ofAnother(manifest.app, wanted: app) }
    let end = try await read { reader async throws(LedgerReadError) in
      _ = try await reader.head(of: app)
      return try await reader.position(at: moment - .microseconds(1), of: app)
    }
    try await manifest.parts.last?.require(in: app, pool)
    try await requireWhole(app, after: manifest.position)
    try Self.makeFolder(folder)
    var newParts = 0
    while manifest.position < end {
      manifest = try await grow(manifest, upTo: end, to: folder, progress)
      newParts += 1
    }
    return (manifest, newParts)
  }

  /// Writes a part and reads it back. What does not fit leaves no files behind.
  private func grow(
    _ manifest: ArchiveManifest, upTo end: Position, to folder: String,
    _ progress: @Sendable (Position) -> Void
  ) async throws(ArchiveError) -> ArchiveManifest {
    var grown = manifest
    do throws(ArchiveError) {
      let part = try await write(manifest.app, after: manifest, upTo: end, to: folder, progress)
      grown.parts.append(part)
      try await ArchiveReader(folder, grown).read(part) { _, _ in }
    } catch {
      let (eventsFile, commitsFile) = Self.files(from: manifest.position + 1)
      for file in [eventsFile, commitsFile] {
        try? FileManager.default.removeItem(atPath: folder + "/" + file)
      }
      guard let flaw = error.ledgerFlaw else { throw error }
      // What was detached meanwhile is not there, and was not changed.
      try await requireWhole(manifest.app, after: manifest.position)
      throw .unsoundLedger(flaw)
    }
    try grown.save(folder)
    return grown
  }

  private static func files(from position: Position) -> (events: String, commits: String) {
    ("events-\(position).ndjson.gz", "commits-\(position).ndjson.gz")
  }

  /// That no event after a position is detached.
  private func requireWhole(_ app: AppID, after position: Position) async throws(ArchiveError) {
    let archive = try await read { reader async throws(LedgerReadError) in
      try await reader.archive(of: app)
    }
    guard let archive, archive.position > position else { return }
    throw .detached(app, upTo: archive.position, folder: archive.folder)
  }

  private func write(
    _ app: AppID, after manifest: ArchiveManifest, upTo end: Position, to folder: String,
    _ progress: @Sendable (Position) -> Void
  ) async throws(ArchiveError) -> ArchiveManifest.Part {
    let first = manifest.position + 1
    let (eventsFile, commitsFile) = Self.files(from: first)
    var last: StoredCommit?
    let firstCommit = (manifest.parts.last?.lastCommit ?? 0) + 1
    do {
      var events = try ExportFile(folder + "/" + eventsFile)
      var commits = try ExportFile(folder + "/" + commitsFile)
      while last.map({ $0.last - first + 1 < eventsPerPart && $0.last < end }) ?? true {
        let page = try await pool.commits(
          of: app, after: last?.number ?? firstCommit - 1, limit: Self.commitsPerPage
        ).prefix { $0.last <= end && $0.first - first < eventsPerPart }
        guard let pageEnd = page.last else { break }
        var text: [UInt8] = []
        for commit in page { ArchiveLine.write(commit, into: &text) }
        try commits.write(text: text)
        try await write(app, page.first?.first ?? first, pageEnd.last, into: &events)
        last = pageEnd
        progress(pageEnd.last)
      }
      try events.finish()
      try commits.finish()
    } catch {
      throw ArchiveError(error)
    }
    guard let last else {
      throw .unsoundLedger(LedgerFlaw(kind: .gap, app: app, position: first))
    }
    return ArchiveManifest.Part(
      firstPosition: first, lastPosition: last.last, firstCommit: firstCommit,
      lastCommit: last.number,
      chainBefore: manifest.parts.last?.chainAfter ?? Hex.encode(EventDigest.origin(app)),
      chainAfter: Hex.encode(last.chain), recordedAt: last.recordedAt, eventsFile: eventsFile,
      eventsSHA256: try ArchiveReader.sha256(folder + "/" + eventsFile), commitsFile: commitsFile,
      commitsSHA256: try ArchiveReader.sha256(folder + "/" + commitsFile))
  }

  private func write(
    _ app: AppID, _ first: Position, _ last: Position, into file: inout ExportFile
  ) async throws {
    var position = first - 1
    while position < last {
      if Task.isCancelled { throw TransferError.cancelled }
      let page = try await pool.query(
        """
        select \(StoredEvent.columns) from ledger.events
        where app = $1 and position > $2 and position <= $3 order by app, position limit $4
        """, [app.rawValue, position, last, Verifier.eventsPerPage])
      guard !page.isEmpty else {
        throw ArchiveError.unsoundLedger(
          LedgerFlaw(kind: .gap, app: app, position: position + 1))
      }
      var text: [UInt8] = []
      for row in page {
        let event = try StoredEvent(row)
        ArchiveLine.write(event, of: app, into: &text)
        position = event.position
      }
      try file.write(text: text)
    }
  }

  private func read<Value: Sendable>(
    _ body: (LedgerReader) async throws(LedgerReadError) -> Value
  ) async throws(ArchiveError) -> Value {
    do {
      return try await body(LedgerReader(pool))
    } catch {
      throw .read(error)
    }
  }

  private static func makeFolder(_ folder: String) throws(ArchiveError) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .transfer(.cannotOpen(path: folder, reason: "it is no folder and cannot be made one"))
    }
  }
}

extension ArchiveError {
  /// What is wrong with a ledger, of which a part was written that does not fit.
  fileprivate var ledgerFlaw: LedgerFlaw? {
    switch self {
    case .flaw(let flaw), .unsoundLedger(let flaw): flaw
    default: nil
    }
  }
}

extension ArchiveManifest.Part {
  /// That the ledger has the commit that the part ends with.
  func require(in app: AppID, _ pool: PostgresPool) async throws(ArchiveError) {
    let commits = try await pool.commits(of: app, after: lastCommit - 1, limit: 1)
    guard let commit = commits.first, commit.number == lastCommit, commit.last == lastPosition,
      Hex.encode(commit.chain) == chainAfter
    else { throw .otherLedger(app, position: lastPosition) }
  }
}

extension PostgresPool {
  fileprivate func commits(
    of app: AppID, after number: Int64, limit: Int
  ) async throws(ArchiveError) -> [StoredCommit] {
    do throws(PostgresError) {
      let result = try await query(
        """
        select \(StoredCommit.columns) from ledger.commits
        where app = $1 and commit_number > $2 order by app, commit_number limit $3
        """, [app.rawValue, number, limit])
      return try result.map { row throws(PostgresError) in try StoredCommit(row) }
    } catch {
      throw .read(.database(error))
    }
  }
}

extension ArchiveManifest {
  /// Writes it under another name first: the one that is there is never half a one.
  func save(_ folder: String) throws(ArchiveError) {
    do throws(TransferError) {
      var file = try ExportFile(folder + "/" + Self.fileName)
      try file.write(text: json.serialized() + [UInt8(ascii: "\n")])
      try file.finish()
      try FileDescriptor.reading(folder).synchronizeFolder()
    } catch {
      throw .transfer(error)
    }
  }
}
