import Crypto
import Foundation
public import PushCore

/// Reads an archive's parts and holds every event and commit against the hash chain as it goes. It
/// needs no database.
public struct ArchiveReader: Sendable {
  /// Events of a commit at most, as `ledger.append_unchecked` holds it.
  static let eventsPerCommit: Int64 = 10_000

  public let folder: String
  public let manifest: ArchiveManifest

  /// - Throws: ``ArchiveError`` where the folder holds none.
  public init(_ folder: String) throws(ArchiveError) {
    guard let manifest = try ArchiveManifest(folder: folder) else {
      throw .nothingThere(folder: folder)
    }
    self.init(folder, manifest)
  }

  /// Reads files that a manifest names which is not, or not yet, the folder's.
  init(_ folder: String, _ manifest: ArchiveManifest) {
    self.folder = folder
    self.manifest = manifest
  }

  /// Checks all parts.
  ///
  /// - Parameter progress: Called after each part with the events so far.
  public func check(
    _ progress: (_ events: Int64) -> Void = { _ in }
  ) async throws(ArchiveError) {
    for part in manifest.parts {
      try await read(part) { _, _ in }
      progress(part.lastPosition)
    }
  }

  /// Checks the parts that hold anything after one position and up to another.
  ///
  /// - Parameter progress: Called after each part with its last position.
  /// - Returns: The commit that ends at `end`, with the chain there; nil where none was read.
  public func check(
    through end: Position, after start: Position, _ progress: (Position) -> Void = { _ in }
  ) async throws(ArchiveError) -> (number: Int64, chain: [UInt8])? {
    var found: (number: Int64, chain: [UInt8])?
    for part in manifest.parts where part.lastPosition > start && part.firstPosition <= end {
      try await read(part) { commit, _ in
        if commit.last == end { found = (commit.number, commit.chain) }
      }
      progress(part.lastPosition)
    }
    return found
  }

  /// Reads a part's commits with their events, in order, each once it is known to fit.
  func read(
    _ part: ArchiveManifest.Part,
    _ body: (StoredCommit, [StoredEvent]) async throws(ArchiveError) -> Void
  ) async throws(ArchiveError) {
    for (file, hash) in [
      (part.eventsFile, part.eventsSHA256), (part.commitsFile, part.commitsSHA256),
    ] {
      guard try Self.sha256(folder + "/" + file) == hash else {
        throw .unsound(file: file, "its SHA-256 is not the one in \(ArchiveManifest.fileName)")
      }
    }
    guard let chain = Hex.decode(part.chainBefore) else {
      throw .unsound(file: ArchiveManifest.fileName, "a chain is no hexadecimal")
    }
    var walk = try Walk(self, part, chain)
    while let (commit, events) = try walk.next() {
      try await body(commit, events)
    }
    try walk.finish()
  }

  static func sha256(_ path: String) throws(ArchiveError) -> String {
    do throws(TransferError) {
      let file = try FileDescriptor.reading(path)
      var hash = SHA256()
      while true {
        let bytes = try file.read(atMost: EventFile.chunkBytes)
        if bytes.isEmpty { return Hex.encode(hash.finalize()) }
        hash.update(data: bytes)
      }
    } catch {
      throw .transfer(error)
    }
  }

  /// One pass over a part.
  private struct Walk: ~Copyable {
    let part: ArchiveManifest.Part
    let app: AppID
    var events: LineReader
    var commits: LineReader
    var check: ChainCheck

    init(
      _ archive: ArchiveReader, _ part: ArchiveManifest.Part, _ chain: [UInt8]
    ) throws(ArchiveError) {
      self.part = part
      app = archive.manifest.app
      check = ChainCheck(
        app: app, after: part.firstPosition - 1, commits: part.firstCommit - 1, chain: chain)
      let eventsFile = try Self.open(archive.folder + "/" + part.eventsFile)
      let commitsFile = try Self.open(archive.folder + "/" + part.commitsFile)
      events = LineReader(eventsFile)
      commits = LineReader(commitsFile)
    }

    private static func open(_ path: String) throws(ArchiveError) -> FileDescriptor {
      do throws(TransferError) {
        return try FileDescriptor.reading(path)
      } catch {
        throw .transfer(error)
      }
    }

    mutating func next() throws(ArchiveError) -> (StoredCommit, [StoredEvent])? {
      var commit: StoredCommit?
      let isThere = try Self.line(&commits) { commit = ArchiveLine.commit($0) }
      guard isThere else { return nil }
      guard let commit, commit.first >= 1, commit.last >= commit.first,
        commit.last - commit.first < ArchiveReader.eventsPerCommit
      else {
        throw .unsound(file: part.commitsFile, "line \(commits.number) is no commit")
      }
      var taken: [StoredEvent] = []
      while taken.count <= commit.last - commit.first {
        var event: StoredEvent?
        let app = app
        let isThere = try Self.line(&events) { event = ArchiveLine.event($0, of: app) }
        guard isThere else { break }
        guard let event else {
          throw .unsound(file: part.eventsFile, "line \(events.number) is no event of app \(app)")
        }
        taken.append(event)
      }
      if let flaw = check.check(commit, events: taken) { throw .flaw(flaw) }
      return (commit, taken)
    }

    mutating func finish() throws(ArchiveError) {
      let isLonger = try Self.line(&events) { _ in }
      guard !isLonger, check.position == part.lastPosition, check.commits == part.lastCommit,
        Hex.encode(check.chain) == part.chainAfter
      else {
        throw .unsound(file: part.eventsFile, "it does not end where the manifest says")
      }
    }

    private static func line(
      _ reader: inout LineReader, _ take: (UnsafeBufferPointer<UInt8>) -> Void
    ) throws(ArchiveError) -> Bool {
      do throws(TransferError) {
        return try reader.next { bytes throws(TransferError) in take(bytes) }
      } catch {
        throw .transfer(error)
      }
    }
  }
}
