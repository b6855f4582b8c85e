public import Postgres
public import PushCore

/// Writes an app's ledger to an NDJSON file that can be imported again.
///
/// It writes what the ledger held when it began. Into a file it writes under another name first,
/// so that the name asked for is never a part of an export.
public struct Exporter: Sendable {
  static let eventsPerPage = 5_000

  private let reader: LedgerReader

  public init(_ pool: PostgresPool) { reader = LedgerReader(pool) }

  /// - Parameters:
  ///   - path: With the ending `.gz` it is compressed; `-` is standard output.
  ///   - position: Only events after it.
  ///   - progress: Called after every page.
  /// - Throws: Among others ``LedgerReadError/archived(_:upTo:)``, as ``TransferError/read(_:)``;
  ///   and ``TransferError/gap(_:)`` where an event is missing.
  public func run(
    _ app: AppID, to path: String, after position: Position = 0,
    progress report: @Sendable (TransferProgress) -> Void = { _ in }
  ) async throws(TransferError) -> TransferProgress {
    let head = try await read { reader async throws(LedgerReadError) in
      try await reader.requireAll(of: app, after: position)
      return try await reader.head(of: app)
    }
    var file = try ExportFile(path)
    var progress = TransferProgress()
    progress.position = min(position, head)
    var upcoming = page(of: app, after: position, upTo: head)
    while true {
      let events: [RecordedEvent]
      do {
        events = try await upcoming.value.get()
      } catch {
        throw .read(error)
      }
      let (start, end) = (
        progress.position, min(progress.position + Int64(Self.eventsPerPage), head)
      )
      let gap = try await read { reader async throws(LedgerReadError) in
        try await reader.gap(in: events, of: app, after: start, upTo: end)
      }
      if let gap { throw .gap(gap) }
      guard let last = events.last else { break }
      if Task.isCancelled { throw .cancelled }
      upcoming = page(of: app, after: last.position, upTo: head)
      try file.write(events)
      progress.newEvents += events.count
      progress.lines += events.count
      progress.position = last.position
      progress.fileBytes = file.bytes
      report(progress)
    }
    try file.finish()
    progress.fileBytes = file.bytes
    return progress
  }

  /// Reads the next page while the last is written.
  private func page(
    of app: AppID, after position: Position, upTo head: Position
  ) -> Task<Result<[RecordedEvent], LedgerReadError>, Never> {
    let limit = Int(min(Int64(Self.eventsPerPage), max(head - position, 0)))
    return Task {
      if limit == 0 { return .success([]) }
      do throws(LedgerReadError) {
        return .success(try await reader.events(of: app, after: position, limit: limit))
      } catch {
        return .failure(error)
      }
    }
  }

  private func read<Value: Sendable>(
    _ body: (LedgerReader) async throws(LedgerReadError) -> Value
  ) async throws(TransferError) -> Value {
    do {
      return try await body(reader)
    } catch {
      throw .read(error)
    }
  }
}
